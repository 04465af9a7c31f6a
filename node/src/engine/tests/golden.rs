//! Golden vectors played to real nodes: what the pure rules say of epochs and of branches that are let go is what becomes of a store.

use haat_protocol::codec::decode_own;
use haat_protocol::entry::Unverified;
use haat_protocol::epoch::EpochKeys;
use haat_protocol::space::Inception;
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::fact::Fact;
use crate::keyring::Keyring;

/// The vectors of one file that are valid.
fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let sheet: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the file is there")).expect("plain data");
    let all = sheet["vectors"].as_array().expect("vectors").iter();
    all.filter(|vector| !vector["expect"].is_null()).cloned().collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(value.as_str().expect("text").as_bytes()).expect("hexadecimal text")
}

fn key(value: &Value) -> [u8; 32] {
    bytes(value).try_into().expect("a key")
}

/// A node that knows of the space and holds these keys.
fn reader(inception: &Inception, now: Millis, keys: Vec<(KeyId, EpochKeys)>) -> Node {
    let mut reader = node(90);
    reader.now = now;
    reader.work(|work| {
        intake::fact(&mut work.cx(), &Fact::Space { inception: inception.clone() });
        for (id, keys) in keys {
            intake::learn_epoch(&mut work.cx(), inception.id(), id, keys);
        }
    });
    reader
}

fn hear(reader: &mut Node, item: Item) {
    reader.work(|work| {
        let mut cx = work.cx();
        match item {
            Item::Entry(raw) => drop(intake::entry(&mut cx, &raw.verify().expect("a good entry"))),
            Item::Identity(chain) => drop(intake::identity(&mut cx, &chain.verify().expect("a good chain"))),
            Item::Fork(proof) => drop(intake::fork::take(&mut cx, &proof.verify().expect("a good proof"))),
            Item::Record(_) => {}
        }
        intake::retry_all(&mut cx);
    });
}

fn same(name: &str, what: &str, found: Value, wanted: &Value) {
    assert_eq!(&found, wanted, "{name}: {what}");
}

/// What comes to a reader: a space, its people's chains, then entries.
#[derive(Deserialize)]
struct Pile {
    inception: Inception,
    chains: Vec<Chain>,
    entries: Vec<Unverified>,
}

#[test]
fn epochs_serve_in_a_store_as_the_vectors_say() {
    for vector in vectors("epochs") {
        let (name, context, wanted) = (vector["name"].as_str().expect("a name"), &vector["context"], &vector["expect"]);
        let pile: Pile = decode_own(&bytes(&vector["input"])).expect("canonical");
        let more = |value: &Value| (!value.is_null()).then(|| ByteKey(key(value)));
        let keys = context["keys"].as_array().expect("keys").iter().map(|one| {
            let keys = EpochKeys { control: ByteKey(key(&one["control"])), content: more(&one["content"]), topic: more(&one["topic"]) };
            (KeyId(key(&one["key"])), keys)
        });
        let space = pile.inception.id();
        let mut reader = reader(&pile.inception, Millis(context["now"].as_u64().expect("a time")), keys.collect());
        pile.chains.into_iter().for_each(|chain| hear(&mut reader, Item::Identity(chain)));
        pile.entries.into_iter().for_each(|raw| hear(&mut reader, Item::Entry(raw)));
        reader.read(|tx| {
            let roster = circle::roster(tx, &space).expect("a roster");
            let ring = Keyring::of(tx, &reader.me, &roster);
            let stands: BTreeSet<KeyId> = ring.graph.newest_first().into_iter().collect();
            let told: Vec<Value> = stands
                .iter()
                .map(|key| serde_json::json!({"key": key, "at": circle::began_at(tx, &roster, key), "covered": ring.graph.covered(key)}))
                .collect();
            same(name, "stands", told.into(), &wanted["stands"]);
            same(name, "known", serde_json::json!(ring.required), &wanted["known"]);
            same(name, "in use", serde_json::json!(ring.current().map(|(key, _)| key)), &wanted["in_use"]);
            same(name, "leads", serde_json::json!(ring.leading().map(|(key, _)| key)), &wanted["leads"]);
            let next = ring.following();
            let parents = next.as_ref().map(|next| next.parents.iter().copied().collect::<BTreeSet<_>>());
            same(name, "parents", serde_json::json!(parents), &wanted["next"]["parents"]);
            same(name, "covers", serde_json::json!(next.map(|next| next.covers)), &wanted["next"]["covers"]);
        });
    }
}

#[test]
fn terms_hold_in_a_store_as_the_vectors_say() {
    for vector in vectors("terms") {
        let (name, wanted) = (vector["name"].as_str().expect("a name"), &vector["expect"]);
        let pile: Pile = decode_own(&bytes(&vector["input"])).expect("canonical");
        let mut reader = reader(&pile.inception, Millis(vector["context"]["now"].as_u64().expect("a time")), Vec::new());
        pile.chains.into_iter().for_each(|chain| hear(&mut reader, Item::Identity(chain)));
        pile.entries.into_iter().for_each(|raw| hear(&mut reader, Item::Entry(raw)));
        let row = reader.read(|tx| crate::view::shelf::shop(tx, &pile.inception.id()));
        let (entry, returns) = row.map(|row| (row.entry, row.body.returns)).unzip();
        same(name, "terms", serde_json::json!({"entry": entry, "returns": returns}), wanted);
    }
}

#[test]
fn branches_are_let_go_and_taken_in_a_store_as_the_vectors_say() {
    #[derive(Deserialize)]
    struct Pile {
        inception: Inception,
        items: Vec<Item>,
    }
    for vector in vectors("branches") {
        let (name, context, wanted) = (vector["name"].as_str().expect("a name"), &vector["context"], &vector["expect"]);
        let pile: Pile = decode_own(&bytes(&vector["input"])).expect("canonical");
        let (space, own) = (pile.inception.id(), ByteKey(key(&context["key"])));
        let keys = EpochKeys { control: own.clone(), content: Some(own), topic: None };
        let mut reader = reader(&pile.inception, Millis(context["now"].as_u64().expect("a time")), vec![(KeyId([0x1d; 32]), keys)]);
        pile.items.into_iter().for_each(|item| hear(&mut reader, item));
        let rows = |table: Table| reader.read(|tx| tx.prefix(table, &space.0));
        let ids = |of: &dyn Fn(&Value) -> Value, all: &Value| -> BTreeSet<String> {
            all.as_array().expect("a list").iter().map(|one| of(one).as_str().expect("an id").to_owned()).collect()
        };
        let held: BTreeSet<String> = rows(Table::At).iter().map(|(_, id)| data_encoding::HEXLOWER.encode(id)).collect();
        let told: BTreeSet<String> =
            wanted["logs"].as_array().expect("logs").iter().flat_map(|log| ids(&Clone::clone, &log["entries"])).collect();
        assert_eq!(held, told, "{name}: held");
        let parked = rows(Table::Parked).into_iter().filter_map(|(_, raw)| decode_own::<Unverified>(&raw).ok());
        let parked: BTreeSet<String> = parked.map(|raw| raw.trusted().expect("kept").id().to_string()).collect();
        assert_eq!(parked, ids(&Clone::clone, &wanted["waits"]), "{name}: waits");
        for log in wanted["logs"].as_array().expect("logs") {
            for entry in log["entries"].as_array().expect("entries") {
                let counts = reader.read(|tx| known::counts(tx, known::entry(tx, &EntryId(key(entry))).expect("held").header()));
                let seq = reader.read(|tx| known::entry(tx, &EntryId(key(entry))).expect("held").header().seq);
                let until = log["counts"]["until"].as_u64();
                assert_eq!(counts, log["counts"] == "all" || until.is_some_and(|until| seq <= until), "{name}: {entry} counts");
            }
        }
        for said in wanted["effects"].as_array().expect("effects") {
            let id = EntryId(key(&said["entry"]));
            assert_eq!(has(&reader, Table::Void, id), !said["void"].is_null(), "{name}: {id} is void");
        }
    }
}
