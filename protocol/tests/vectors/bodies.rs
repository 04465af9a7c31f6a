//! Bodies: one of each kind that holds, and one for every rule that a body can break.

use serde_bytes::{ByteArray, ByteBuf};

use haat_protocol::body::{
    Body, BoxTag, CircleCreate, Cut, Epoch, EpochBoxes, Interest, Invite, InviteRevoke, JoinDecline, ListingRef, ListingWithdraw, Manifest,
    MemberAdd, MemberLeave, MemberRemove, NormsChange, Post, Profile, Recommend, Retract, Review, ReviewReply, RoleChange, Share,
    ShopCreate, ShopDesk, Unshare, Unvouch, Vouch, boxes_digest,
};
use haat_protocol::crypto::Sig;
use haat_protocol::id::{DeviceId, Digest, EntryId, KeyId, OrderId, SpaceId};
use haat_protocol::invite;
use haat_protocol::kind::Kind;
use haat_protocol::listing::{Delivery, Listing, Payment, Stock, Timing, Variant};
use haat_protocol::money::Money;
use haat_protocol::norms::{Disclosure, Norms, PriceBand, Role};
use haat_protocol::order::{Outcome, ReviewRight, Right};
use haat_protocol::space::Sort;
use haat_protocol::trust::Weight;

use crate::kit::{START, circle, cny, currency, device, inception, pair, person, told};
use crate::sheet::{Case, Sheet};

pub(crate) fn case(body: &Body) -> Case {
    Case::new("body", body.encode()).with(told("kind", body.kind().code()))
}

fn reference(n: u8) -> ListingRef {
    ListingRef { shop: inception(Sort::Shop).id(), listing: EntryId([n; 32]), version: EntryId([n + 1; 32]) }
}

fn post(text: &str) -> Post {
    Post { text: text.into(), listings: vec![reference(1)], reply_to: None }
}

pub(crate) fn review_right() -> ReviewRight {
    let right = Right { order: OrderId([1; 32]), buyer: person(1), seller: person(2), listing: EntryId([3; 32]), salt: Digest([4; 32]) };
    ReviewRight {
        right,
        buyer_device: device(1),
        seller_device: device(2),
        buyer_sig: right.sign(&pair(1)),
        seller_sig: right.sign(&pair(2)),
    }
}

fn review(rating: u64) -> Review {
    Review { right: review_right(), rating, outcome: Outcome::Completed, text: "All fine".into() }
}

fn strict() -> Norms {
    Norms {
        version: 1,
        approval: true,
        invite: Role::Steward,
        sell: Role::Owner,
        denied: vec![6, 34],
        prices: vec![PriceBand { currency: currency("CNY"), min: 0, max: 10_000 }],
        interest: Disclosure::None,
        ..Norms::default()
    }
}

fn create() -> CircleCreate {
    CircleCreate { inception: inception(Sort::Circle), name: "Tea".into(), norms: Norms::default(), creator_name: "Ana".into() }
}

pub(crate) fn epoch() -> Epoch {
    let (boxes, digest) = (ByteBuf::from([7; 120]), boxes_digest(&[7; 120]));
    let [control, content, topic] = [1, 2, 3].map(|n| Digest([n; 32]));
    let (covers, chunks) = (vec![Digest([4; 32])], vec![(BoxTag([7; 8]), digest)]);
    Epoch { manifest: Manifest { control, content, topic, generation: 0, parents: vec![], covers, chunks }, boxes }
}

/// The epoch with another manifest.
fn epoch_with(change: impl FnOnce(&mut Manifest)) -> Body {
    let mut epoch = epoch();
    change(&mut epoch.manifest);
    Body::Epoch(epoch)
}

fn parents(count: u8) -> Vec<(KeyId, ByteBuf)> {
    (0..count).map(|n| (KeyId([n; 32]), ByteBuf::from([1; 72]))).collect()
}

fn boxes(index: u64) -> Body {
    Body::EpochBoxes(EpochBoxes { key: KeyId([1; 32]), index, boxes: ByteBuf::from([7; 120]) })
}

pub(crate) fn share(sort: Sort, generation: u64, earlier: Vec<u64>) -> Body {
    let earlier = earlier.into_iter().map(|generation| (generation, ByteArray::new([9; 32]))).collect();
    Body::Share(Share { inception: inception(sort), generation, secret: [8; 32], earlier })
}

fn add(name: &str) -> MemberAdd {
    let proof = invite::prove(&pair(30), circle(), person(2), device(2));
    MemberAdd { identity: person(2), device: device(2), name: name.into(), invite: EntryId([5; 32]), proof }
}

pub(crate) fn shop() -> ShopCreate {
    ShopCreate {
        inception: inception(Sort::Shop),
        name: "Teahouse".into(),
        currency: currency("CNY"),
        returns: "within 14 days".into(),
        delivery: vec![
            Delivery::Pickup { place: "Gate 2".into() },
            Delivery::Ship { zone: "CN".into(), price: cny(600) },
            Delivery::Digital {},
        ],
        payment: vec![pay("cash", Timing::OnDelivery), pay("transfer", Timing::Before), pay("invoice", Timing::After)],
    }
}

fn pay(method: &str, timing: Timing) -> Payment {
    Payment { method: method.into(), timing, instructions: Some("to Mei".into()) }
}

fn variant(sku: &str, size: &str, minor: i64) -> Variant {
    Variant { sku: sku.into(), options: vec![("Size".into(), size.into())], price: cny(minor), stock: Stock::Counted(3) }
}

pub(crate) fn listing() -> Listing {
    Listing {
        lineage: None,
        handle: Some("green-tea".into()),
        title: "绿茶".into(),
        description: "From the hills".into(),
        currency: currency("CNY"),
        variants: vec![variant("A", "50 g", 450), variant("B", "100 g", 820)],
        delivery: vec![],
        payment: vec![],
        returns: None,
        images: vec!["https://example.org/tea.jpg".into()],
        tags: vec!["tea".into()],
        expires: None,
    }
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("bodies", "Bodies (7.1) and their rules (7.2).");
    for body in every_kind() {
        sheet.good(body.kind().text(), "a body of this kind", case(&body));
    }
    at_the_edge(&mut sheet);
    names_and_texts(&mut sheet);
    circle_bodies(&mut sheet);
    said(&mut sheet);
    listings(&mut sheet);
    shops(&mut sheet);
    forms(&mut sheet);
    sheet
}

pub(crate) fn every_kind() -> Vec<Body> {
    let cut = Cut { device: device(2), log: 0, seq: 7, id: EntryId([6; 32]) };
    let body = |kind: &Kind| match kind {
        Kind::CircleCreate => Body::CircleCreate(create()),
        Kind::Epoch => Body::Epoch(epoch()),
        Kind::Invite => Body::Invite(Invite { key: device(30), uses: 1, expires: START }),
        Kind::MemberAdd => Body::MemberAdd(add("Mei")),
        Kind::MemberRemove => Body::MemberRemove(MemberRemove { identity: person(2), cuts: vec![cut.clone()] }),
        Kind::MemberLeave => Body::MemberLeave(MemberLeave { cuts: vec![cut.clone()] }),
        Kind::Role => Body::Role(RoleChange { identity: person(2), role: Role::Steward }),
        Kind::Norms => Body::Norms(NormsChange { norms: strict() }),
        Kind::JoinRequest => Body::JoinRequest(add("Mei")),
        Kind::JoinDecline => Body::JoinDecline(JoinDecline { identity: person(2), reason: Some("Not now".into()) }),
        Kind::InviteRevoke => Body::InviteRevoke(InviteRevoke { invite: EntryId([9; 32]) }),
        Kind::Share => share(Sort::Shop, 2, vec![1, 0]),
        Kind::Unshare => Body::Unshare(Unshare { shop: SpaceId([5; 32]) }),
        Kind::EpochBoxes => boxes(1),
        Kind::Profile => Body::Profile(Profile { name: "Ana".into() }),
        Kind::Vouch => Body::Vouch(Vouch { identity: person(2), weight: Weight::Friend, text: String::new() }),
        Kind::Unvouch => Body::Unvouch(Unvouch { identity: person(2) }),
        Kind::Post => Body::Post(post("Good tea")),
        Kind::Reply => Body::Reply(Post { reply_to: Some(EntryId([9; 32])), ..post("Yes") }),
        Kind::Recommend => Body::Recommend(Recommend { listing: reference(1), text: "Try it".into(), interest: Interest::None }),
        Kind::Review => Body::Review(review(5)),
        Kind::ReviewReply => Body::ReviewReply(ReviewReply { review: EntryId([9; 32]), text: "Thank you".into() }),
        Kind::Retract => Body::Retract(Retract { entry: EntryId([9; 32]) }),
        Kind::ShopCreate => Body::ShopCreate(shop()),
        Kind::Listing => Body::Listing(listing()),
        Kind::ListingWithdraw => Body::ListingWithdraw(ListingWithdraw { listing: EntryId([9; 32]) }),
        Kind::ShopDesk => Body::ShopDesk(ShopDesk { device: device(2) }),
    };
    Kind::ALL.iter().map(body).collect()
}

fn at_the_edge(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, body: Body| sheet.good(name, "as much as there may be, or as odd", case(&body));
    good(sheet, "name of 64", Body::Profile(Profile { name: "名".repeat(64) }));
    good(sheet, "text of 4000", Body::Post(post(&"字".repeat(4000))));
    good(sheet, "text with space", Body::Post(post(" \n a ")));
    good(sheet, "eight listings", Body::Post(Post { listings: (1..=8).map(reference).collect(), ..post("Look") }));
    good(sheet, "later epoch", epoch_with(|m| (m.generation, m.parents) = (1, parents(8))));
    good(sheet, "epoch with 64 covers", epoch_with(|m| m.covers = (0..64).map(|n| Digest([n; 32])).collect()));
    let nobodys = Body::Epoch(Epoch { manifest: Manifest { chunks: vec![], ..epoch().manifest }, boxes: ByteBuf::new() });
    good(sheet, "epoch without boxes", nobodys);
    good(sheet, "last boxes", boxes(9));
    good(sheet, "share with 512 earlier keys", share(Sort::Shop, 600, (0..512).rev().collect()));
    good(sheet, "hundred uses", Body::Invite(Invite { key: device(30), uses: 100, expires: START }));
    good(sheet, "title of 140", Body::Listing(Listing { title: "茶".repeat(140), ..listing() }));
    let one = Variant { sku: String::new(), options: vec![], price: cny(0), stock: Stock::Uncounted };
    good(sheet, "one variant", Body::Listing(Listing { variants: vec![one.clone()], ..listing() }));
    let dear = Variant { price: cny(1_000_000_000_000_000), ..one };
    good(sheet, "dearest", Body::Listing(Listing { variants: vec![dear], ..listing() }));
    let plain = |sku: &str| Variant { options: vec![], ..variant(sku, "", 1) };
    good(sheet, "no options twice", Body::Listing(Listing { variants: vec![plain("A"), plain("B")], ..listing() }));
    good(
        sheet,
        "returns",
        Body::Listing(Listing { returns: Some("never".into()), lineage: Some(EntryId([1; 32])), expires: Some(START), ..listing() }),
    );
    for interest in [Interest::Gift, Interest::Commission, Interest::Seller, Interest::Employee] {
        let name = format!("interest {interest:?}").to_lowercase();
        good(sheet, &name, Body::Recommend(Recommend { listing: reference(1), text: "Try it".into(), interest }));
    }
    for weight in [Weight::Acquaintance, Weight::Close] {
        let name = format!("weight {weight:?}").to_lowercase();
        good(sheet, &name, Body::Vouch(Vouch { identity: person(2), weight, text: "From school".into() }));
    }
}

fn names_and_texts(sheet: &mut Sheet) {
    let names: [(&str, String); 9] = [
        ("empty", String::new()),
        ("of 65", "n".repeat(65)),
        ("space before", " Ana".into()),
        ("wide space after", "Ana\u{3000}".into()),
        ("line end", "An\na".into()),
        ("control", "An\u{85}a".into()),
        ("zero width", "An\u{200b}a".into()),
        ("turned", "\u{202e}anA".into()),
        ("mark", "\u{feff}Ana".into()),
    ];
    for (name, text) in names {
        sheet.bad(&format!("name {name}"), "no name", case(&Body::Profile(Profile { name: text })), "name");
    }
    for (name, text) in [("empty", String::new()), ("of 4001", "x".repeat(4001)), ("blank", " \u{2003}\n".into()), ("zero", "a\0b".into())]
    {
        sheet.bad(&format!("text {name}"), "no text", case(&Body::Post(post(&text))), "text");
    }
    let long = Vouch { identity: person(2), weight: Weight::Close, text: "x".repeat(4001) };
    sheet.bad("vouch of 4001", "a vouch's text may be empty, but not longer", case(&Body::Vouch(long)), "text");
}

fn circle_bodies(sheet: &mut Sheet) {
    let bad = |sheet: &mut Sheet, name: &str, body: Body, code| sheet.bad(name, "a rule of circles", case(&body), code);
    bad(sheet, "create a shop", Body::CircleCreate(CircleCreate { inception: inception(Sort::Shop), ..create() }), "inception_sort");
    bad(sheet, "create with later norms", Body::CircleCreate(CircleCreate { norms: strict(), ..create() }), "norms");
    let norms = |norms| Body::Norms(NormsChange { norms });
    bad(sheet, "norms deny twice", norms(Norms { denied: vec![32, 32], ..strict() }), "norms");
    bad(sheet, "norms deny removals", norms(Norms { denied: vec![5], ..strict() }), "norms");
    bad(sheet, "norms without bound", norms(Norms { posts_per_day: 10_001, ..strict() }), "norms");
    let band = PriceBand { currency: currency("CNY"), min: 2, max: 1 };
    bad(sheet, "norms with an empty band", norms(Norms { prices: vec![band], ..strict() }), "norms");
    bad(sheet, "create unnamed", Body::CircleCreate(CircleCreate { name: String::new(), ..create() }), "name");
    bad(sheet, "create by nobody", Body::CircleCreate(CircleCreate { creator_name: String::new(), ..create() }), "name");
    bad(sheet, "epoch without parent", epoch_with(|m| m.generation = 1), "parents");
    bad(sheet, "first epoch with parent", epoch_with(|m| m.parents = parents(1)), "parents");
    bad(sheet, "epoch with nine parents", epoch_with(|m| (m.generation, m.parents) = (1, parents(9))), "parents");
    let back = parents(2).into_iter().rev().collect();
    bad(sheet, "epoch with parents out of order", epoch_with(|m| (m.generation, m.parents) = (1, back)), "parents");
    bad(sheet, "epoch 2^53", epoch_with(|m| (m.generation, m.parents) = (1 << 53, parents(1))), "generation");
    bad(sheet, "epoch with 65 covers", epoch_with(|m| m.covers = (0..65).map(|n| Digest([n; 32])).collect()), "covers");
    bad(sheet, "epoch that covers twice", epoch_with(|m| m.covers = vec![Digest([4; 32]); 2]), "covers");
    let many: Vec<_> = (0..11).map(|n| (BoxTag([n; 8]), boxes_digest(&[7; 120]))).collect();
    bad(sheet, "epoch of eleven chunks", epoch_with(|m| m.chunks = many), "chunks");
    bad(sheet, "epoch of other boxes", epoch_with(|m| m.chunks[0].1 = Digest([0; 32])), "boxes");
    bad(sheet, "epoch of boxes that are not named", epoch_with(|m| m.chunks.clear()), "boxes");
    bad(sheet, "boxes 0", boxes(0), "index");
    bad(sheet, "boxes 10", boxes(10), "index");
    for uses in [0, 101] {
        bad(sheet, &format!("invite of {uses}"), Body::Invite(Invite { key: device(30), uses, expires: START }), "uses");
    }
    bad(sheet, "add unnamed", Body::MemberAdd(add("")), "name");
    bad(sheet, "share a circle", share(Sort::Circle, 0, vec![]), "inception_sort");
    bad(sheet, "share with 513 earlier keys", share(Sort::Shop, 600, (0..513).rev().collect()), "earlier");
    bad(sheet, "share an earlier key of later", share(Sort::Shop, 1, vec![2]), "earlier");
    bad(sheet, "share generation 2^53", share(Sort::Shop, 1 << 53, vec![]), "earlier");
}

fn said(sheet: &mut Sheet) {
    let bad = |sheet: &mut Sheet, name: &str, body: Body, code| sheet.bad(name, "a rule of what people say", case(&body), code);
    bad(sheet, "post that answers", Body::Post(Post { reply_to: Some(EntryId([9; 32])), ..post("Yes") }), "post");
    bad(sheet, "post of nine", Body::Post(Post { listings: (1..=9).map(reference).collect(), ..post("Look") }), "post");
    bad(sheet, "reply to nothing", Body::Reply(post("Yes")), "reply");
    let nine = Post { listings: (1..=9).map(reference).collect(), reply_to: Some(EntryId([9; 32])), ..post("Look") };
    bad(sheet, "reply of nine", Body::Reply(nine), "reply");
    bad(sheet, "recommend blank", Body::Recommend(Recommend { listing: reference(1), text: " ".into(), interest: Interest::None }), "text");
    for rating in [0, 6] {
        bad(sheet, &format!("rating {rating}"), Body::Review(review(rating)), "rating");
    }
    let with = |change: &dyn Fn(&mut ReviewRight)| {
        let mut review = review(5);
        change(&mut review.right);
        Body::Review(review)
    };
    bad(sheet, "right half", with(&|right| right.seller_sig = Sig([0; 64])), "right");
    bad(sheet, "right swapped", with(&|right| std::mem::swap(&mut right.buyer_sig, &mut right.seller_sig)), "right");
    bad(sheet, "right for another listing", with(&|right| right.right.listing = EntryId([1; 32])), "right");
    let own = with(&|both| {
        both.right.seller = both.right.buyer;
        (both.buyer_sig, both.seller_sig) = (both.right.sign(&pair(1)), both.right.sign(&pair(2)));
    });
    bad(sheet, "right with oneself", own, "right");
    let device = with(&|both| {
        both.seller_device = DeviceId(both.buyer_device.0);
        both.seller_sig = both.buyer_sig;
    });
    bad(sheet, "right of one device", device, "right");
    bad(sheet, "answer blank", Body::ReviewReply(ReviewReply { review: EntryId([9; 32]), text: String::new() }), "text");
}

fn listings(sheet: &mut Sheet) {
    let mut bad = |name: &str, code, change: &dyn Fn(&mut Listing)| {
        let mut listing = listing();
        change(&mut listing);
        sheet.bad(name, "a rule of listings", case(&Body::Listing(listing)), code);
    };
    bad("title empty", "title", &|l| l.title.clear());
    bad("title of 141", "title", &|l| l.title = "x".repeat(141));
    bad("title with space", "title", &|l| l.title = "Tea ".into());
    bad("description of 6001", "description", &|l| l.description = "x".repeat(6001));
    bad("no variant", "variants", &|l| l.variants.clear());
    bad("101 variants", "variants", &|l| l.variants = (0..101).map(|n| variant(&n.to_string(), &n.to_string(), 1)).collect());
    bad("same sku", "ambiguous", &|l| l.variants[1].sku = "A".into());
    bad("same options", "ambiguous", &|l| l.variants[1].options = l.variants[0].options.clone());
    bad("no sku among two", "ambiguous", &|l| l.variants[0].sku = String::new());
    bad("price below zero", "price", &|l| l.variants[1].price.minor = -1);
    bad("price too high", "price", &|l| l.variants[1].price.minor = 1_000_000_000_000_001);
    bad("price in another currency", "price", &|l| l.variants[1].price = Money { minor: 1, currency: currency("EUR") });
    bad("long sku", "field", &|l| l.variants[0].sku = "s".repeat(201));
    bad("blank option", "field", &|l| l.variants[0].options[0].0 = " ".into());
    bad("long option", "field", &|l| l.variants[0].options[0].1 = "v".repeat(201));
    bad("blank place", "field", &|l| l.delivery = vec![Delivery::Pickup { place: " ".into() }]);
    bad("blank zone", "field", &|l| l.delivery = vec![Delivery::Ship { zone: String::new(), price: cny(0) }]);
    bad("sending below zero", "price", &|l| l.delivery = vec![Delivery::Ship { zone: "CN".into(), price: cny(-1) }]);
    let euro = Delivery::Ship { zone: "CN".into(), price: Money { minor: 1, currency: currency("EUR") } };
    bad("sending in another currency", "price", &|l| l.delivery = vec![euro.clone()]);
    bad("blank method", "field", &|l| l.payment = vec![pay("", Timing::Before)]);
    bad("33 deliveries", "choices", &|l| l.delivery = vec![Delivery::Digital {}; 33]);
    bad("33 payments", "choices", &|l| l.payment = vec![pay("cash", Timing::Before); 33]);
    bad("257 tags", "choices", &|l| l.tags = vec![String::new(); 257]);
    bad("257 images", "choices", &|l| l.images = vec![String::new(); 257]);
    bad("blank returns", "field", &|l| l.returns = Some(String::new()));
}

fn shops(sheet: &mut Sheet) {
    let mut bad = |name: &str, code, change: &dyn Fn(&mut ShopCreate)| {
        let mut shop = shop();
        change(&mut shop);
        sheet.bad(name, "a rule of shops", case(&Body::ShopCreate(shop)), code);
    };
    bad("shop unnamed", "name", &|s| s.name.clear());
    bad("shop of a circle", "inception_sort", &|s| s.inception = inception(Sort::Circle));
    bad("shop without returns", "returns", &|s| s.returns = " ".into());
    bad("shop with a blank zone", "field", &|s| s.delivery = vec![Delivery::Ship { zone: " ".into(), price: cny(1) }]);
    bad("shop sending in another currency", "price", &|s| s.currency = currency("EUR"));
}

fn forms(sheet: &mut Sheet) {
    let kind = |kind: Kind, bytes: Vec<u8>| Case::new("body", bytes).with(told("kind", kind.code()));
    let profile = Body::Profile(Profile { name: "Ana".into() }).encode();
    sheet.bad("other kind", "the body of another kind", kind(Kind::Unvouch, profile.clone()), "form");
    sheet.bad("body nothing", "no bytes", kind(Kind::Profile, Vec::new()), "form");
    sheet.bad("body left over", "a byte after it", kind(Kind::Profile, [profile.clone(), vec![0]].concat()), "form");
    let mut more = profile;
    more[0] += 1;
    more.splice(1..1, *b"\x61a\x00");
    sheet.bad("body unknown field", "a field that the kind does not have", kind(Kind::Profile, more), "form");
    let vouch = Body::Vouch(Vouch { identity: person(2), weight: Weight::Friend, text: String::new() }).encode();
    let at = vouch.windows(6).position(|part| part == b"friend").expect("there");
    let mut other = vouch;
    other.splice(at..at + 6, *b"fiends");
    sheet.bad("unknown weight", "a name that the enum does not have", kind(Kind::Vouch, other), "form");
    let mut money = Body::Listing(listing()).encode();
    let at = money.windows(3).position(|part| part == b"CNY").expect("there");
    money.splice(at..at + 3, *b"ZZZ");
    sheet.bad("no currency", "three letters that name no currency", kind(Kind::Listing, money.clone()), "form");
    money.splice(at..at + 3, *b"cny");
    sheet.bad("small currency", "a currency in small letters", kind(Kind::Listing, money), "form");
    sheet.bad("body too large", "more bytes than a payload may have", kind(Kind::Post, vec![0xa3]).and_zeros(32_768), "oversize");
}
