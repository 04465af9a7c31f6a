//! Evidence holds as it was exported, and any change to it is named.

use super::*;
use crate::codec::decode;
use crate::crypto::{Label, Sig};
use crate::identity::ChainError;
use crate::order::evidence::{Bundle, Fault, MAGIC, Position, Verdict, export, seal, verify};

fn traded() -> Deal {
    let mut deal = Deal::open(pickup());
    deal.seller(counter(1600, START.plus(DAY_MS))).buyer(Act::Accept).seller(Act::StockConfirm);
    deal.seller(Act::Start).seller(Act::Ready { code: None }).buyer(Act::Receive { code: None }).seller(confirm(None));
    let order = deal.order();
    let device = keys(Role::Seller);
    let receipt = Receipt::new(order.id, EventId(order.id.0), None, device.public()).sign(&device);
    deal.set.receive(receipt).expect("holds");
    deal
}

fn file(deal: &Deal) -> Vec<u8> {
    export(&deal.set, [&chain(Role::Buyer), &chain(Role::Seller)], None, &keys(Role::Buyer), deal.now).expect("a party")
}

/// The bundle inside a file, taken apart as anybody can.
fn open(file: &[u8]) -> Bundle {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Sealed {
        #[serde(with = "serde_bytes")]
        bundle: Vec<u8>,
        sig: Sig,
    }
    let sealed: Sealed = decode(&file[MAGIC.len()..], 1 << 20).expect("sealed");
    decode(&sealed.bundle, 1 << 20).expect("a bundle")
}

/// What is found after `change`, when the buyer seals the changed bundle anew.
fn changed(deal: &Deal, change: impl Fn(&mut Bundle)) -> Verdict {
    let mut bundle = open(&file(deal));
    change(&mut bundle);
    bundle.events.sort_by_key(|signed| event::event_id(&signed.bytes));
    verify(&seal(&bundle, &keys(Role::Buyer)))
}

fn fault(verdict: &Verdict) -> Option<Fault> {
    assert_eq!(verdict.valid, verdict.first_fault.is_none());
    verdict.first_fault.clone().map(|(_, fault)| fault)
}

fn step_of(signed: &SignedEvent) -> EventBody {
    decode(&signed.bytes, 1 << 16).expect("a body")
}

fn find(bundle: &Bundle, kind: Kind) -> usize {
    bundle.events.iter().position(|signed| step_of(signed).step.kind() == kind).expect("there")
}

/// Edits one event and signs it anew with `role`'s key.
fn edit(bundle: &mut Bundle, kind: Kind, role: Role, change: impl Fn(&mut EventBody)) {
    let place = find(bundle, kind);
    let mut body = step_of(&bundle.events[place]);
    change(&mut body);
    let bytes = crate::codec::encode(&body);
    let sig = keys(role).sign(Label::OrderEvent, &bytes);
    bundle.events[place] = SignedEvent { bytes, sig, right: bundle.events[place].right };
}

#[test]
fn a_file_shows_what_was_agreed_and_where_it_stands() {
    let deal = traded();
    let verdict = verify(&file(&deal));
    assert_eq!(fault(&verdict), None);
    assert_eq!((verdict.state, verdict.order), (Some(State::Completed), Some(deal.set.order())));
    let (hash, terms) = verdict.agreed_terms.expect("agreed");
    assert_eq!((hash, terms.total), (terms.hash(), cny(1600)));
    assert_eq!((verdict.exporter, verdict.contested), (Some(Role::Buyer), None));
    let again = export(&deal.set, [&chain(Role::Buyer), &chain(Role::Seller)], None, &keys(Role::Buyer), deal.now);
    assert_eq!(again, Ok(file(&deal)), "the same set gives the same bytes");
}

#[test]
fn every_example_exports_and_verifies() {
    for deal in examples() {
        let verdict = verify(&file(&deal));
        assert_eq!((fault(&verdict), verdict.state), (None, Some(deal.state())));
    }
    let mut race = Deal::open(pickup());
    race.race(Act::Withdraw, Act::Accept);
    let verdict = verify(&file(&race));
    assert_eq!(fault(&verdict), None, "to lose a race is no fault");
    assert_eq!(verdict.without_effect.len(), 1);
}

#[test]
fn any_flipped_byte_is_found() {
    let good = file(&agreed(pickup()));
    assert!(verify(&good).valid);
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= 1 << (i % 8);
        assert!(!verify(&bad).valid, "byte {i} of {}", good.len());
    }
    for end in [0, 8, 16, 17, good.len() / 2, good.len() - 1] {
        assert!(!verify(&good[..end]).valid, "cut at {end}");
    }
    let longer = [good, vec![0]].concat();
    assert!(matches!(fault(&verify(&longer)), Some(Fault::Form(_))));
    assert_eq!(fault(&verify(b"PK\x03\x04")), Some(Fault::NotEvidence));
}

#[test]
fn edits_by_the_exporter_fail_at_a_signature() {
    let deal = traded();
    let price = |bundle: &mut Bundle| {
        edit(bundle, Kind::Counter, Role::Buyer, |body| {
            if let Step::Counter { terms, .. } = &mut body.step {
                **terms = terms.as_ref().clone().with_goods(cny(1)).expect("small");
            }
        });
    };
    let verdict = changed(&deal, price);
    assert_eq!(fault(&verdict), Some(Fault::Refused(Refusal::BadSignature)));
    assert!(matches!(verdict.first_fault, Some((Position::Event(_), _))) && verdict.state.is_none());
    let swapped = |bundle: &mut Bundle| {
        edit(bundle, Kind::Start, Role::Buyer, |body| body.author = keys(Role::Buyer).public());
    };
    assert!(matches!(fault(&changed(&deal, swapped)), Some(Fault::Refused(_))));
    let unsealed = {
        let mut bundle = open(&file(&deal));
        bundle.at = Millis(5);
        seal(&bundle, &keys(Role::Seller))
    };
    assert_eq!(fault(&verify(&unsealed)), Some(Fault::Seal));
    let stranger = changed(&deal, |bundle| bundle.exporter = Keypair::from_seed(&[66; 32]).public());
    assert_eq!(fault(&stranger), Some(Fault::Seal));
}

#[test]
fn a_dropped_event_leaves_a_hole() {
    let deal = traded();
    let without = |kind: Kind| {
        changed(&deal, move |bundle| {
            let place = find(bundle, kind);
            bundle.events.remove(place);
            bundle.receipts.clear();
        })
    };
    for kind in [Kind::Counter, Kind::Accept, Kind::StockConfirm, Kind::Start, Kind::Ready, Kind::Received] {
        assert_eq!(fault(&without(kind)), Some(Fault::Refused(Refusal::Missing)), "{kind:?}");
    }
    assert_eq!(fault(&without(Kind::Offer)), Some(Fault::Refused(Refusal::NoOffer)));
    let twice = changed(&deal, |bundle| bundle.events.push(bundle.events[0].clone()));
    assert_eq!(fault(&twice), Some(Fault::Unsorted));
}

#[test]
fn an_acceptance_of_something_else_is_no_agreement() {
    let deal = Deal::open(pickup());
    let mut elsewhere = Deal::open(Terms { salt: Digest([1; 32]), ..pickup() });
    elsewhere.seller(Act::Accept);
    let foreign = elsewhere.set.events().find(|event| event.kind() == Kind::Accept).expect("accepted").signed().clone();
    let verdict = changed(&deal, |bundle| bundle.events.push(foreign.clone()));
    assert_eq!(fault(&verdict), Some(Fault::Refused(Refusal::OtherOrder)));

    let mine = changed(&deal, |bundle| {
        let order = deal.order();
        let right = Right::of(order.id, &order.terms).expect("a line");
        let accept = Step::Accept { offer: order.last_offer, terms: order.terms.hash(), right };
        bundle.events.push(deal.forge(Role::Buyer, accept, deal.now).signed().clone());
    });
    assert_eq!(fault(&mine), Some(Fault::Refused(Refusal::OutOfTurn)), "nobody accepts one's own offer");
    let other_terms = changed(&deal, |bundle| {
        let order = deal.order();
        let right = Right::of(order.id, &order.terms).expect("a line");
        let accept = Step::Accept { offer: order.last_offer, terms: Digest([4; 32]), right };
        bundle.events.push(deal.forge(Role::Seller, accept, deal.now).signed().clone());
    });
    assert_eq!(fault(&other_terms), Some(Fault::Refused(Refusal::OtherTerms)));
}

#[test]
fn a_bad_move_of_the_other_party_is_listed_and_spoils_nothing() {
    let mut deal = agreed(pickup());
    let bad = deal.forge(Role::Seller, Step::Complete {}, deal.now);
    deal.set.insert(bad.clone()).expect("kept");
    let verdict = verify(&file(&deal));
    assert_eq!((fault(&verdict), verdict.without_effect), (None, vec![(bad.id(), Refusal::WrongState)]));
    let by_seller = export(&deal.set, [&chain(Role::Buyer), &chain(Role::Seller)], None, &keys(Role::Seller), deal.now).expect("a party");
    assert_eq!(fault(&verify(&by_seller)), Some(Fault::Refused(Refusal::WrongState)), "one's own bad move does");
}

#[test]
fn identities_must_be_those_of_the_parties() {
    let deal = traded();
    let swapped = changed(&deal, |bundle| std::mem::swap(&mut bundle.buyer, &mut bundle.seller));
    assert_eq!(swapped.first_fault, Some((Position::Identity(Role::Buyer), Fault::ForeignDevice)));
    let headless = changed(&deal, |bundle| bundle.seller.operations.clear());
    assert_eq!(headless.first_fault, Some((Position::Identity(Role::Seller), Fault::ForeignDevice)));
    let forged = changed(&deal, |bundle| bundle.seller.operations[0].sig = Sig([1; 64]));
    assert_eq!(fault(&forged), Some(Fault::Identity(ChainError::WrongSigner(0))));
}

#[test]
fn receipts_in_a_file_are_for_events_in_it() {
    let deal = traded();
    let seller = keys(Role::Seller);
    let stray = Receipt::new(deal.set.order(), EventId([1; 32]), None, seller.public()).sign(&seller);
    let verdict = changed(&deal, |bundle| bundle.receipts = vec![stray.clone()]);
    assert_eq!(verdict.first_fault, Some((Position::Receipt(0), Fault::StrayReceipt)));
    let own = Receipt::new(deal.set.order(), EventId(deal.set.order().0), None, seller.public()).sign(&keys(Role::Buyer));
    let verdict = changed(&deal, |bundle| bundle.receipts = vec![own.clone()]);
    assert_eq!(fault(&verdict), Some(Fault::StrayReceipt), "nobody gives a receipt for one's own event");
    let verdict = changed(&deal, |bundle| bundle.receipts[0].sig = Sig([0; 64]));
    assert_eq!(fault(&verdict), Some(Fault::Refused(Refusal::BadSignature)));
}

#[test]
fn personal_data_are_those_that_the_terms_commit_to() {
    let personal = Enclosure { salt: Digest([5; 32]), data: b"Gate 2, Mei".to_vec() };
    let deal = agreed(Terms { personal: Some(personal.commitment()), ..pickup() });
    let with = |personal: Option<Enclosure>| {
        let people = [&chain(Role::Buyer), &chain(Role::Seller)];
        fault(&verify(&export(&deal.set, people, personal, &keys(Role::Buyer), deal.now).expect("a party")))
    };
    assert_eq!(with(None), None);
    assert_eq!(with(Some(personal.clone())), None);
    assert_eq!(with(Some(Enclosure { data: b"Gate 3".to_vec(), ..personal })), Some(Fault::OtherPersonal));
}
