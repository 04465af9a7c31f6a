//! Sums: totals are what their parts add up to, whatever the parts, and nothing overflows.

use proptest::prelude::*;

use super::*;
use crate::limits::{MONEY_MAX_MINOR, ORDER_LINES_MAX};

proptest! {
    #[test]
    fn the_total_is_the_sum_of_its_parts(
        lines in proptest::collection::vec((1u64..1_000, 0i64..1_000_000), 1..20),
        bargain in 0i64..1_000_000_000,
        shipping in 0i64..100_000,
    ) {
        let mut terms = terms(Delivery::Ship { zone: "CN".into(), price: cny(shipping) }, Timing::Before);
        terms.lines = lines.iter().map(|(qty, price)| Line { qty: *qty, unit_price: cny(*price), ..line() }).collect();
        let terms = terms.with_goods(cny(bargain)).expect("small");
        let listed: i64 = lines.iter().map(|(qty, price)| i64::try_from(*qty).expect("small") * price).sum();
        prop_assert_eq!(terms.listed(), Ok(cny(listed)));
        prop_assert_eq!(terms.total, cny(bargain + shipping));
        prop_assert_eq!(terms.adjustments.iter().map(|a| a.amount.minor).sum::<i64>(), bargain - listed);
        prop_assert_eq!(terms.check(), Ok(()));
        let off = Terms { total: cny(terms.total.minor + 1), ..terms.clone() };
        prop_assert_eq!(off.check(), Err(TermsError::Total));
        let off = Terms { goods: cny(terms.goods.minor + 1), ..terms };
        prop_assert_eq!(off.check(), Err(TermsError::Total));
    }

    #[test]
    fn no_number_overflows(qty in any::<u64>(), price in any::<i64>(), goods in any::<i64>(), adjust in any::<i64>()) {
        let mut terms = pickup();
        terms.lines = vec![Line { qty, unit_price: cny(price), ..line() }; 3];
        let _ = terms.clone().with_goods(cny(goods));
        terms.adjustments = vec![Adjustment { name: "x".into(), amount: cny(adjust) }; 2];
        terms.goods = cny(goods);
        terms.total = cny(goods);
        if terms.check().is_ok() {
            prop_assert!((0..=MONEY_MAX_MINOR).contains(&terms.total.minor));
        }
    }
}

#[test]
fn each_rule_of_terms_refuses_what_breaks_it() {
    let broken = |change: fn(&mut Terms)| {
        let mut terms = sent_paid_first();
        change(&mut terms);
        terms.check()
    };
    assert_eq!(broken(|_| ()), Ok(()));
    assert_eq!(broken(|t| t.seller.identity = t.buyer.identity), Err(TermsError::OwnListing));
    assert_eq!(broken(|t| t.seller.device = t.buyer.device), Err(TermsError::OwnListing));
    assert_eq!(broken(|t| t.lines.clear()), Err(TermsError::Lines));
    assert_eq!(broken(|t| t.lines = vec![line(); ORDER_LINES_MAX + 1]), Err(TermsError::Lines));
    assert_eq!(broken(|t| t.lines[0].qty = 0), Err(TermsError::Quantity));
    assert_eq!(broken(|t| t.lines[0].unit_price.currency = "EUR".parse().expect("known")), Err(TermsError::Currency));
    assert_eq!(broken(|t| t.goods.currency = "EUR".parse().expect("known")), Err(TermsError::Currency));
    assert_eq!(broken(|t| t.lines[0].unit_price = cny(-1)), Err(TermsError::Price));
    assert_eq!(broken(|t| t.lines[0].unit_price = cny(MONEY_MAX_MINOR)), Err(TermsError::Price));
    assert_eq!(broken(|t| t.lines[0].title.clear()), Err(TermsError::Field("title")));
    assert_eq!(broken(|t| t.valid_until = Millis(u64::MAX)), Err(TermsError::Deadline));
    assert_eq!(broken(|t| t.returns = "x".repeat(201)), Err(TermsError::Field("returns")));
    assert!(matches!(broken(|t| t.payment.method.clear()), Err(TermsError::Way(_))));
    assert_eq!(pickup().with_goods(cny(-1)).map(|t| t.check()), Ok(Err(TermsError::Price)));
}

#[test]
fn parts_of_payments_are_counted_and_no_more_than_the_rest_is_confirmed() {
    let mut deal = agreed(pickup());
    deal.buyer(pay(Some(600))).buyer(pay(Some(100)));
    assert_eq!((deal.state(), deal.order().paid_claimed), (State::Agreed, 700));
    assert_eq!(deal.draft(Role::Seller, Act::Cancel), Err(Refusal::AlreadyPaid));
    deal.seller(confirm(Some(1000)));
    assert_eq!(deal.draft(Role::Seller, confirm(Some(641))), Err(Refusal::TooMuch));
    deal.buyer(pay(None));
    assert_eq!(deal.order().paid_claimed, 1640, "no amount is all that was not claimed yet");
    deal.seller(confirm(None));
    assert_eq!(deal.order().remainder(), 0);
    assert_eq!(deal.draft(Role::Seller, confirm(None)), Err(Refusal::NothingDue));
    let euro = Money { minor: 5, currency: "EUR".parse().expect("known") };
    assert_eq!(agreed(pickup()).draft(Role::Buyer, Act::Pay { reference: String::new(), amount: Some(euro) }), Err(Refusal::OutOfRange));
}
