//! What is written is read back, in every layout that is written.

use super::*;

const ALL: [Export; 3] = [Export::Haat, Export::Json, Export::Shopify];

/// The listings of a shop into which a reading was taken.
fn shop(reading: &Reading) -> Vec<(EntryId, Listing, Kept)> {
    let numbered = reading.products.iter().zip(1_u8..);
    numbered.map(|(product, n)| (EntryId([n; 32]), product.listing.clone(), product.kept.clone())).collect()
}

/// What taking a file into a shop would change.
fn again(shop: &[(EntryId, Listing, Kept)], file: &str, currency: Currency) -> (Plan, Reading) {
    let reading = read(file.as_bytes(), &Options { format: Format::Auto, currency, encoding: None }).expect("it was written here");
    let known: Vec<_> = shop.iter().map(|(id, listing, _)| (*id, *id, listing.clone())).collect();
    (plan(&reading, &known), reading)
}

/// Checks that a shop comes back from each layout as it was, with what is kept.
fn comes_back(shop: &[(EntryId, Listing, Kept)], currency: Currency) {
    for export in ALL {
        let file = write(shop, export).expect("it has room");
        let (plan, reading) = again(shop, &file, currency);
        assert_eq!((&plan.refused, &reading.refused), (&vec![], &vec![]), "{export:?}: {file}");
        assert_eq!((plan.changes, plan.create.len()), (vec![], 0), "{export:?}: {file}");
        assert_eq!(plan.unchanged.len(), shop.len(), "{export:?}: {file}");
        assert_eq!(write(shop, export).as_deref(), Ok(file.as_str()));
    }
}

#[test]
fn the_street_comes_back_in_every_layout() {
    for file in [STREET, NEW_HEADERS] {
        let reading = read(file, &options()).expect("a catalogue");
        let shop = shop(&reading);
        comes_back(&shop, cny());
        for export in ALL {
            let (plan, _) = again(&shop, &write(&shop, export).expect("it has room"), cny());
            let kept: Vec<&Kept> = plan.kept.iter().map(|(_, kept)| kept).collect();
            let cells = |kept: &Kept| -> std::collections::BTreeSet<(String, String)> {
                let all = kept.variants.values().chain(kept.pictures.values()).flatten();
                // Columns that mean something are called by their older names.
                all.filter(|(name, _)| export != Export::Shopify || !columns::SHOPIFY.has_name(name)).cloned().collect()
            };
            for (before, after) in shop.iter().map(|(_, _, kept)| kept).zip(kept) {
                assert!(cells(before).is_subset(&cells(after)), "{export:?}: {before:?} became {after:?}");
            }
        }
    }
}

#[test]
fn what_is_sold_under_terms_of_its_own_comes_back_in_our_layouts() {
    let mut shop = shop(&with_head("tea,Tea,\"=1+1\nsecond\",green,,,Size,S,A,shopify,5,1,https://x.example/a.jpg\n"));
    let listing = &mut shop[0].1;
    listing.handle = None;
    listing.delivery = vec![
        Delivery::Pickup { place: "Gate".into() },
        Delivery::Ship { zone: "CN=1".into(), price: Money { minor: 800, currency: cny() } },
    ];
    listing.payment = vec![Payment { method: "cash".into(), timing: Timing::OnDelivery, instructions: Some("at the\ngate".into()) }];
    (listing.returns, listing.expires) = (Some("14 days".into()), Some(Millis(1_900_000_000_000)));
    listing.tags = vec!["a, b".into(), "c\\".into()];
    let written = write(&shop, Export::Haat).expect("room");
    assert!(written.contains("'=1+1"), "no spreadsheet takes it for a formula: {written}");
    for export in [Export::Haat, Export::Json] {
        let (plan, _) = again(&shop, &write(&shop, export).expect("room"), "EUR".parse().expect("known"));
        assert_eq!((plan.changes, plan.unchanged), (vec![], vec![shop[0].0]), "{export:?}");
    }
    let (plan, _) = again(&[], &write(&shop, Export::Json).expect("room"), cny());
    let created = Listing { handle: shop[0].1.handle.clone(), ..plan.create[0].clone() };
    assert_eq!(created, shop[0].1, "another shop gets the same");
}

#[test]
fn what_a_layout_has_no_room_for_is_refused() {
    let mut shop = shop(&with_head("tea,Tea,,,,,Size,S,A,shopify,5,1,\ncup,Cup,,,,,,,C,,,1,\n"));
    shop[1].1.currency = "EUR".parse().expect("known");
    assert_eq!(write(&shop, Export::Shopify), Err(ExportError::Currencies("CNY".into(), "EUR".into())));
    shop[1].1.currency = cny();
    shop[0].1.variants[0].options = vec![("x".into(), "y".into()); 4];
    assert_eq!(write(&shop, Export::Haat), Err(ExportError::Options("Tea".into())));
    let (plan, _) = again(&[], "{\"haat_catalogue\": 0, \"listings\": [{\"handle\": \"a\"}]}", cny());
    assert_eq!(plan.create.len(), 0);
    let faults = ["{\"haat_catalogue\": 7}", "{\"haat_catalogue\": 0}"];
    assert!(faults.iter().all(|file| matches!(read(file.as_bytes(), &options()), Err(FileError::Json(_)))));
}

fn text() -> impl Strategy<Value = String> {
    "[a-z茶é\",;<>&'=+@/#-]{1,6}([ \n][A-Z0-9碗&;<]{1,8}){0,2}"
}

fn listing() -> impl Strategy<Value = (Listing, Kept)> {
    let names = proptest::collection::vec("[a-z]{1,5}", 0..3);
    let parts = (text(), text(), names, variants(), proptest::collection::vec("https://x\\.example/[a-z]{1,4}\\.jpg", 0..3));
    (parts, proptest::collection::vec(("[A-Z][a-z]{2,5} field", text()), 0..3), any::<bool>()).prop_map(
        |((title, description, tags, variants, images), kept, terms)| {
            let unique = |mut all: Vec<String>| {
                let mut seen = std::collections::BTreeSet::new();
                all.retain(|one| seen.insert(one.clone()));
                all
            };
            let first = variants[0].sku.clone();
            let listing = Listing {
                lineage: None,
                handle: None,
                title: title.replace('\n', " ").trim().to_owned(),
                description,
                currency: cny(),
                variants,
                delivery: if terms { vec![Delivery::Pickup { place: "Gate".into() }] } else { Vec::new() },
                payment: Vec::new(),
                returns: terms.then(|| "14 days".to_owned()),
                images: unique(images),
                tags: unique(tags),
                expires: None,
            };
            let mut beside = Kept::default();
            beside.add(Some(&first), "", kept);
            (listing, beside)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn generated_shops_come_back(listings in proptest::collection::vec(listing(), 0..6)) {
        let named = listings.into_iter().zip(1_u8..).map(|((mut listing, kept), n)| {
            listing.handle = Some(format!("p-{n}"));
            (EntryId([n; 32]), listing, kept)
        });
        comes_back(&named.collect::<Vec<_>>(), cny());
    }

    #[test]
    fn random_documents_never_panic(inner in "[\\[\\]{}\":,a-z0-9@ ]{0,200}") {
        for file in [format!("{{\"haat_catalogue\": 0, \"listings\": [{inner}]}}"), format!("{{\"@graph\": [{inner}]}}")] {
            if let Ok(reading) = read(file.as_bytes(), &options()) {
                prop_assert!(reading.products.iter().all(|product| product.listing.check().is_ok()));
            }
        }
    }
}
