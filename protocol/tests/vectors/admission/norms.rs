//! Entries that the norms of a circle judge (8.4): what they cite, what has no place, what it costs, who sells.

use haat_protocol::norms::{Disclosure, PriceBand, Role};

use super::*;

pub(super) fn all(sheet: &mut Sheet) {
    norms(sheet);
    prices(sheet);
    sellers(sheet);
}

/// Norms of version 0 and then these, each a day after those before.
fn history(changes: &[Norms]) -> Value {
    let all = std::iter::once(&Norms::default()).chain(changes).cloned().collect::<Vec<_>>();
    let told: Vec<Value> = (0u64..).zip(&all).map(|(n, norms)| of_norms(START.plus(n * DAY_MS), norms)).collect();
    but("norms", told)
}

fn version(version: u64) -> Norms {
    Norms { version, ..Norms::default() }
}

fn norms(sheet: &mut Sheet) {
    let says_at = |cited: u64, when: u64| {
        let header = at(header(0), START.plus(when));
        says(if cited == 0 { header } else { citing(header, cited) }, &post("Tea"))
    };
    let three = || history(&[version(1), version(2)]);
    sheet.good("effect: cites the newest", "norms of version 2", effect(&says_at(2, 9 * DAY_MS), three()));
    sheet.good("effect: cites those before", "24 hours after the next", effect(&says_at(1, 3 * DAY_MS), three()));
    sheet.bad("cites those before too late", "a millisecond later", effect(&says_at(1, 3 * DAY_MS + 1), three()), "norms_over");
    sheet.bad("cites the first too late", "a millisecond later", effect(&says_at(0, 2 * DAY_MS + 1), three()), "norms_over");
    sheet.bad("cites what is not here", "norms of version 3", effect(&says_at(3, 0), three()), "norms_missing");
    let later = and(three(), "log", log_with("norms", 2));
    let next = |version| says(citing(next(0), version), &post("Tea"));
    sheet.good("effect: cites the same again", "as an entry before it", effect(&next(2), later.clone()));
    sheet.bad("cites lower", "than an entry before it", effect(&next(1), later), "norms_cited");
    for (name, value) in
        [("seven bytes", vec![0; 7]), ("nine bytes", vec![1; 9]), ("zero", vec![0; 8]), ("2^53", INTEGER_MAX.to_be_bytes().into())]
    {
        let extensions = [(NORMS_EXTENSION.to_owned(), ByteBuf::from(value))].into();
        let entry = says(Header { extensions, ..header(0) }, &post("Tea"));
        sheet.bad(&format!("cites {name}"), "eight bytes, above 0 and below 2^53", effect(&entry, three()), "norms_cited");
    }
    let extensions = [(NORMS_EXTENSION.to_owned(), ByteBuf::from([7]))].into();
    let free = says(Header { extensions, ..header(0) }, &Body::Profile(Profile { name: "Ana".into() }));
    sheet.good("effect: not judged by norms", "whatever it cites", effect(&free, three()));
    let deny = |kinds: Vec<u64>| history(&[Norms { denied: kinds, ..version(1) }]);
    sheet.bad("denied post", "the norms have no place for posts", effect(&says_at(1, 0), deny(vec![32])), "denied");
    sheet.good("effect: denied later", "the norms before allow it", effect(&says_at(0, 0), deny(vec![32])));
    let cited = |body: &Body| says(citing(header(0), 1), body);
    sheet.bad("denied vouch", "no place for vouches", effect(&cited(&vouch(2)), deny(vec![8])), "denied");
    sheet.good("effect: unvouch where vouches are denied", "taking back is never denied", effect(&cited(&unvouch(2)), deny(vec![8])));
    let open = history(&[Norms { interest: Disclosure::None, ..version(1) }]);
    let gift = cited(&recommend(EntryId([6; 32]), Interest::Gift));
    sheet.bad("interest denied", "only who gains nothing recommends", effect(&gift, open.clone()), "denied");
    let free = cited(&recommend(EntryId([6; 32]), Interest::None));
    sheet.good("effect: no interest", "who gains nothing recommends", effect(&free, open));
}

fn prices(sheet: &mut Sheet) {
    // Its variants cost 450 and 820.
    let shop_header = Header { space: inception(Sort::Shop).id(), ..header(0) };
    let wares = says(shop_header, &Body::Listing(listing()));
    let entry = says(citing(header(0), 1), &recommend(wares.id(), Interest::None));
    let band = |code: &str, min: i64, max: i64| {
        let prices = vec![PriceBand { currency: currency(code), min, max }];
        holding(history(&[Norms { prices, ..version(1) }]), &[&wares])
    };
    sheet.good("effect: within the band", "both ends included", effect(&entry, band("CNY", 450, 820)));
    sheet.bad("one variant too dear", "all variants count", effect(&entry, band("CNY", 450, 819)), "band");
    sheet.bad("one variant too cheap", "all variants count", effect(&entry, band("CNY", 451, 820)), "band");
    sheet.good("effect: other currency", "one without a band is free", effect(&entry, band("EUR", 0, 1)));
    let unread = holding(band("CNY", 0, 1), &[]);
    sheet.good("effect: price not here", "the version is not held", effect(&entry, unread));
}

fn sellers(sheet: &mut Sheet) {
    let sells = |cited: u64, least: Role, role: Role| {
        let context = history(&[Norms { sell: least, ..version(1) }]);
        let header = if cited == 0 { header(0) } else { citing(header(0), cited) };
        effect(&says(header, &share(Sort::Shop, 0, vec![])), and(context, "role", role.text()))
    };
    sheet.good("effect: share by a steward", "where stewards sell", sells(1, Role::Steward, Role::Steward));
    sheet.good("effect: share by an owner", "where stewards sell", sells(1, Role::Steward, Role::Owner));
    sheet.bad("share by a member", "where stewards sell", sells(1, Role::Steward, Role::Member), "role");
    sheet.good("effect: share by the owner", "where only owners sell", sells(1, Role::Owner, Role::Owner));
    sheet.bad("share by a steward", "where only owners sell", sells(1, Role::Owner, Role::Steward), "role");
    sheet.good("effect: share before", "the norms that are cited let everybody sell", sells(0, Role::Owner, Role::Member));
}
