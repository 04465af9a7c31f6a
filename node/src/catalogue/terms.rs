//! Delivery, payment, returns and expiry as they stand in our own layouts, read and written. What is written reads back as it was.

use haat_protocol::listing::{Delivery, Listing, Payment, Timing};
use haat_protocol::money::{Currency, Money};
use haat_protocol::time::Millis;

use super::columns::Column;

/// What a product says of how it is sold, when it says so itself.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) delivery: Vec<Delivery>,
    pub(super) payment: Vec<Payment>,
    pub(super) returns: Option<String>,
    pub(super) expires: Option<Millis>,
}

impl Terms {
    /// Takes in a cell of one of the four columns.
    pub(super) fn read(&mut self, column: Column, cell: &str, currency: Currency) -> Result<(), String> {
        match column {
            Column::Delivery => self.delivery = cell.lines().map(|line| delivery(line, currency)).collect::<Result<_, _>>()?,
            Column::Payment => self.payment = cell.lines().map(payment).collect::<Result<_, _>>()?,
            Column::Returns => self.returns = Some(unescaped(cell)),
            Column::Expires => self.expires = Some(instant(cell)?),
            _ => {}
        }
        Ok(())
    }
}

/// The cells of the four columns for a listing, in the order delivery, payment, returns, expires.
pub(super) fn cells(listing: &Listing) -> [String; 4] {
    let lines = |lines: Vec<String>| lines.join("\n");
    [
        lines(listing.delivery.iter().map(delivery_line).collect()),
        lines(listing.payment.iter().map(payment_line).collect()),
        listing.returns.as_deref().map(|text| escaped(text, &[])).unwrap_or_default(),
        listing.expires.map(written).unwrap_or_default(),
    ]
}

fn delivery_line(way: &Delivery) -> String {
    match way {
        Delivery::Pickup { place } => format!("pickup: {}", escaped(place, &[])),
        Delivery::Ship { zone, price } => format!("ship: {} = {}", escaped(zone, &[]), price.digits()),
        Delivery::Digital {} => "digital".to_owned(),
    }
}

fn delivery(line: &str, currency: Currency) -> Result<Delivery, String> {
    let wrong = || format!("{line:?} is not \"pickup: PLACE\", \"ship: ZONE = PRICE\" or \"digital\"");
    let (word, rest) = line.split_once(':').map_or((line.trim(), ""), |(word, rest)| (word.trim(), rest.trim()));
    match word {
        "digital" if rest.is_empty() => Ok(Delivery::Digital {}),
        "pickup" if !rest.is_empty() => Ok(Delivery::Pickup { place: unescaped(rest) }),
        "ship" => {
            let (zone, price) = rest.rsplit_once('=').ok_or_else(wrong)?;
            let price = Money::parse(price.trim(), currency).map_err(|fault| fault.to_string())?;
            Ok(Delivery::Ship { zone: unescaped(zone.trim()), price })
        }
        _ => Err(wrong()),
    }
}

const TIMINGS: [(Timing, &str); 3] = [(Timing::Before, "before"), (Timing::OnDelivery, "on-delivery"), (Timing::After, "after")];

fn payment_line(way: &Payment) -> String {
    let timing = TIMINGS.iter().find(|(timing, _)| *timing == way.timing).map_or("", |(_, word)| *word);
    let instructions = way.instructions.as_deref().map(|text| format!(": {}", escaped(text, &[]))).unwrap_or_default();
    format!("{}: {timing}{instructions}", escaped(&way.method, &[':']))
}

fn payment(line: &str) -> Result<Payment, String> {
    let wrong =
        || format!("{line:?} is not \"METHOD: TIMING\" or \"METHOD: TIMING: INSTRUCTIONS\"; timing is before, on-delivery or after");
    let mut escape = false;
    let colon = line.char_indices().find(|(_, c)| {
        let ends = *c == ':' && !escape;
        escape = *c == '\\' && !escape;
        ends
    });
    let (method, rest) = line.split_at(colon.ok_or_else(wrong)?.0);
    let rest = &rest[1..];
    let (word, instructions) = rest.split_once(':').map_or((rest, None), |(word, text)| (word, Some(text.trim())));
    let timing = TIMINGS.iter().find(|(_, known)| *known == word.trim()).ok_or_else(wrong)?.0;
    if method.trim().is_empty() {
        return Err(wrong());
    }
    Ok(Payment { method: unescaped(method.trim()), timing, instructions: instructions.filter(|text| !text.is_empty()).map(unescaped) })
}

/// An instant as RFC 3339 writes it, in UTC.
fn written(at: Millis) -> String {
    let instant = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    instant.map_or_else(|| at.0.to_string(), |instant| instant.to_string())
}

fn instant(cell: &str) -> Result<Millis, String> {
    let wrong = || format!("{cell:?} is no instant: write it as 2030-01-31T12:00:00Z");
    let instant = cell.trim().parse::<jiff::Timestamp>().map_err(|_| wrong())?;
    u64::try_from(instant.as_millisecond()).map(Millis).map_err(|_| wrong())
}

/// One line: breaks and backslashes, and what else would be taken for a mark, are written with a backslash. Spaces at the ends too.
fn escaped(text: &str, marks: &[char]) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if at == 0 || at == last => out.push_str("\\s"),
            c if c == '\\' || marks.contains(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        out.push(match (c, if c == '\\' { rest.next() } else { None }) {
            (_, Some('n')) => '\n',
            (_, Some('r')) => '\r',
            (_, Some('t')) => '\t',
            (_, Some('s')) => ' ',
            (_, Some(other)) => other,
            (c, None) => c,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny() -> Currency {
        "CNY".parse().expect("known")
    }

    #[test]
    fn what_is_written_reads_back() {
        let ship = |zone: &str| Delivery::Ship { zone: zone.into(), price: Money { minor: 600, currency: cny() } };
        let pickup = |place: &str| Delivery::Pickup { place: place.into() };
        let way = |method: &str, timing, instructions: Option<&str>| Payment {
            method: method.into(),
            timing,
            instructions: instructions.map(str::to_owned),
        };
        let ways = [pickup("Gate 2"), pickup(" two\nlines: a\\b "), ship("a=b"), ship("CN"), Delivery::Digital {}];
        for place in ways {
            assert_eq!(delivery(&delivery_line(&place), cny()), Ok(place.clone()), "{}", delivery_line(&place));
        }
        let ways = [
            way("cash", Timing::OnDelivery, None),
            way("a:b\\", Timing::Before, Some("IBAN: 12\n34")),
            way("transfer", Timing::After, Some(" x ")),
        ];
        for paid in ways {
            assert_eq!(payment(&payment_line(&paid)), Ok(paid.clone()), "{}", payment_line(&paid));
        }
        assert_eq!(instant(&written(Millis(1_800_000_000_123))), Ok(Millis(1_800_000_000_123)));
    }

    #[test]
    fn what_is_no_term_says_what_one_is() {
        for text in ["", "pickup", "pickup:", "ship: CN", "ship: CN = cheap", "digital: yes", "by bike"] {
            assert!(delivery(text, cny()).is_err(), "{text:?}");
        }
        for text in ["", "cash", "cash:", "cash: soon", ": before", "cash\\: before"] {
            assert!(payment(text).is_err(), "{text:?}");
        }
        for text in ["", "tomorrow", "2030-01-31", "1800000000000"] {
            assert!(instant(text).is_err(), "{text:?}");
        }
    }
}
