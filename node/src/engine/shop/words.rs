//! The words in which a seller says prices, ways to deliver and to pay, and instants. Nothing is guessed.

use haat_protocol::limits::SPAN_MAX_MS;
use haat_protocol::listing::{Delivery, Payment, Timing};
use haat_protocol::local::Problem;
use haat_protocol::money::{Currency, Money};
use haat_protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS, Millis, SECOND_MS};

use crate::payment::Payee;

/// An ISO 4217 code.
pub(super) fn currency(text: &str) -> Result<Currency, Problem> {
    text.parse().map_err(|fault: haat_protocol::money::MoneyError| wrong("--currency", &fault.to_string()))
}

/// An amount of money.
pub(in crate::engine) fn amount(flag: &str, text: &str, currency: Currency) -> Result<Money, Problem> {
    Money::parse(text, currency).map_err(|fault| wrong(flag, &fault.to_string()))
}

/// Places, `ZONE=PRICE`s, and whether the goods are files.
pub(super) fn ways(pickup: &[String], ship: &[String], digital: bool, currency: Currency) -> Result<Vec<Delivery>, Problem> {
    let mut ways: Vec<Delivery> = pickup.iter().map(|place| Delivery::Pickup { place: place.trim().to_owned() }).collect();
    for text in ship {
        // A zone's name may hold an equals sign, a price never does.
        let (zone, price) = text.rsplit_once('=').ok_or_else(|| wrong("--ship", &format!("{text:?} is not ZONE=PRICE, as in CN=6.00")))?;
        ways.push(Delivery::Ship { zone: zone.trim().to_owned(), price: amount("--ship", price, currency)? });
    }
    ways.extend(digital.then_some(Delivery::Digital {}));
    Ok(ways)
}

/// `METHOD:TIMING[:INSTRUCTIONS]`; instructions that a bank or a wallet reads have to be right.
pub(super) fn payment(text: &str, currency: Currency) -> Result<Payment, Problem> {
    let mut parts = text.splitn(3, ':').map(str::trim);
    let (Some(method), Some(when)) = (parts.next().filter(|method| !method.is_empty()), parts.next()) else {
        return Err(wrong("--pay", &format!("{text:?} is not METHOD:TIMING[:INSTRUCTIONS], as in cash:on-delivery")));
    };
    let instructions = parts.next().filter(|text| !text.is_empty()).map(str::to_owned);
    let payment = Payment { method: method.to_owned(), timing: timing(when)?, instructions };
    match Payee::read(&payment, currency) {
        Ok(_) => Ok(payment),
        Err(fault) => Err(wrong("--pay", &fault.to_string())),
    }
}

/// When a payment is due.
pub(in crate::engine) fn timing(text: &str) -> Result<Timing, Problem> {
    match text {
        "before" => Ok(Timing::Before),
        "on-delivery" => Ok(Timing::OnDelivery),
        "after" => Ok(Timing::After),
        _ => Err(wrong("--pay", &format!("{text:?} is not before, on-delivery or after"))),
    }
}

/// An RFC 3339 instant, a date (to its end, in UTC) or a span from now such as `30d`. It lies ahead.
pub(super) fn instant(text: &str, now: Millis) -> Result<Millis, Problem> {
    let text = text.trim();
    let at = span(text).map(|span_ms| now.plus(span_ms)).or_else(|| moment(text)).ok_or_else(|| {
        wrong("--expires", &format!("{text:?} is not a span (30d), a date (2030-01-31) or an instant (2030-01-31T12:00:00Z)"))
    })?;
    let ahead = at > now && at.since(now) <= SPAN_MAX_MS;
    if ahead { Ok(at) } else { Err(wrong("--expires", &format!("{text:?} is past, or more than ten years ahead"))) }
}

fn span(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let unit = rest[digits..].chars().next()?;
        let unit_ms = match unit {
            's' => SECOND_MS,
            'm' => MINUTE_MS,
            'h' => HOUR_MS,
            'd' => DAY_MS,
            'w' => 7 * DAY_MS,
            _ => return None,
        };
        let count: u64 = rest[..digits].parse().ok()?;
        total_ms = count.checked_mul(unit_ms)?.checked_add(total_ms)?;
        rest = &rest[digits + 1..];
    }
    (total_ms > 0).then_some(total_ms)
}

fn moment(text: &str) -> Option<Millis> {
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let next = text.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
        next.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp())
    })?;
    u64::try_from(instant.as_millisecond()).ok().map(Millis)
}

pub(super) fn wrong(flag: &str, why: &str) -> Problem {
    Problem::usage("bad-value", &format!("{flag} cannot be read"), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny() -> Currency {
        "CNY".parse().expect("known")
    }

    #[test]
    fn ways_to_get_things() {
        let read = ways(&["Gate 2".into()], &["CN=6.00".into(), "a=b=1".into()], true, cny()).expect("well said");
        let price = |minor| Money { minor, currency: cny() };
        let ship = |zone: &str, minor| Delivery::Ship { zone: zone.into(), price: price(minor) };
        assert_eq!(read, [Delivery::Pickup { place: "Gate 2".into() }, ship("CN", 600), ship("a=b", 100), Delivery::Digital {}]);
        assert!(ways(&[], &["CN".into()], false, cny()).is_err());
        assert!(ways(&[], &["CN=cheap".into()], false, cny()).is_err());
    }

    #[test]
    fn ways_to_pay() {
        let read = payment("transfer:before:IBAN: 12:34", cny()).expect("well said");
        assert_eq!((read.method.as_str(), read.timing, read.instructions.as_deref()), ("transfer", Timing::Before, Some("IBAN: 12:34")));
        assert_eq!(payment("cash:on-delivery", cny()).expect("well said").instructions, None);
        for text in ["cash", "cash:", ":before", "cash:soon"] {
            assert!(payment(text, cny()).is_err(), "{text}");
        }
        let euro: Currency = "EUR".parse().expect("known");
        let read = payment("epc:before:Chen Tea, IBAN: DE89 3704 0044 0532 0130 00", euro).expect("well said");
        assert_eq!(read.instructions.as_deref(), Some("Chen Tea, IBAN: DE89 3704 0044 0532 0130 00"), "as the seller wrote it");
        let typo = payment("epc:before:Chen Tea, DE88 3704 0044 0532 0130 00", euro).expect_err("mistyped");
        assert!(typo.detail.contains("DE88") && typo.detail.contains("check digits"), "{}", typo.detail);
        let uri = "bitcoin:before:bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
        assert!(payment(uri, euro).is_ok() && payment("epc:before", euro).is_err() && payment("upi:before:a1@bank", euro).is_err());
    }

    #[test]
    fn instants() {
        let now = Millis(1_800_000_000_000);
        assert_eq!(instant("30d", now), Ok(now.plus(30 * DAY_MS)));
        assert_eq!(instant("1d12h", now), Ok(now.plus(36 * HOUR_MS)));
        assert_eq!(instant("2027-01-15T08:00:01Z", now), Ok(now.plus(SECOND_MS)));
        assert_eq!(instant("2027-01-15", now), Ok(now.plus(16 * HOUR_MS)), "to the end of that day");
        for text in ["", "d", "30", "0d", "soon", "2027-01-14", "2027-01-15T08:00:00Z", "99999999999999999999d", "4000d", "５d"] {
            assert!(instant(text, now).is_err(), "{text:?}");
        }
    }
}
