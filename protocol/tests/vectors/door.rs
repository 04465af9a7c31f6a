//! What this program makes of the vectors about admission: whether an entry is kept, and whether it has an effect.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use haat_protocol::admit::{self, Head, Missing, Opened, Refusal, Verdict, View, Void, Writer};
use haat_protocol::body::Body;
use haat_protocol::circle::{NormsState, Standing};
use haat_protocol::codec::decode_own;
use haat_protocol::entry::{Entry, Header, LogId};
use haat_protocol::id::{DeviceId, EntryId, IdentityId, SpaceId};
use haat_protocol::kind::Kind;
use haat_protocol::money::Money;
use haat_protocol::norms::{Norms, Role};
use haat_protocol::space::Sort;
use haat_protocol::time::Millis;

use crate::codes::Coded;
use crate::judge::{Found, array, bytes, entry};
use crate::shown::shown;

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    match check {
        "kept" => Some(kept(input, context)),
        "effect" => Some(effect(input, context)),
        _ => None,
    }
}

/// What a reader holds, as the context tells it.
struct Told<'a> {
    context: &'a Value,
    held: Vec<Entry>,
}

impl<'a> Told<'a> {
    fn new(context: &'a Value) -> Self {
        let held = context["held"].as_array().expect("entries that are held").iter();
        let held = held.map(|hex| entry(&data_encoding::HEXLOWER.decode(hex.as_str().expect("a text").as_bytes()).expect("hexadecimal")));
        Self { context, held: held.map(|entry| entry.expect("a good entry")).collect() }
    }

    fn find(&self, id: &EntryId) -> Option<&Entry> {
        self.held.iter().find(|entry| entry.id() == *id)
    }

    /// The end of the log before this entry.
    fn end(&self) -> Option<Head> {
        let told = self.context.get("log").filter(|log| log.is_object())?;
        let number = |name: &str| told[name].as_u64().expect("a number");
        let kinds = told["kinds"].as_object().expect("a map").iter();
        Some(Head {
            id: EntryId(array(told, "id")),
            seq: number("seq"),
            lamport: number("lamport"),
            day: number("day"),
            day_entries: number("entries"),
            day_kinds: kinds.map(|(kind, count)| (kind.clone(), count.as_u64().expect("a number"))).collect(),
            norms: number("norms"),
            stopped: told["stopped"].as_u64(),
        })
    }

    fn norms(&self) -> Option<BTreeMap<u64, NormsState>> {
        let all = self.context["norms"].as_array()?.iter().map(|told| {
            let norms: Norms = decode_own(&bytes(told, "norms")).expect("norms");
            let at = Millis(told["at"].as_u64().expect("a time"));
            (norms.version, NormsState { entry: EntryId([0; 32]), at, norms })
        });
        Some(all.collect())
    }
}

impl View for Told<'_> {
    fn head(&self, _: &LogId) -> Option<Head> {
        self.end()
    }

    fn at(&self, _: &LogId, _: u64) -> Option<EntryId> {
        self.context["there"].is_string().then(|| EntryId(array(self.context, "there")))
    }

    fn header(&self, id: &EntryId) -> Option<Header> {
        self.find(id).map(|entry| entry.header().clone())
    }

    fn writer(&self, log: &LogId) -> Writer {
        let writers = &self.context["writers"];
        let name = log.device.to_string();
        if !writers[&name].is_string() {
            return Writer::Unknown;
        }
        let standing = match &self.context["counts"] {
            Value::String(all) if all == "all" => Standing::Open,
            Value::String(_) => Standing::Closed,
            some => Standing::Until(some["until"].as_u64().expect("a number")),
        };
        Writer::Person(IdentityId(array(writers, &name)), standing)
    }

    fn sort(&self, _: &SpaceId) -> Option<Sort> {
        match self.context["sort"].as_str()? {
            "circle" => Some(Sort::Circle),
            _ => Some(Sort::Shop),
        }
    }

    fn shopkeeper(&self, shop: &SpaceId) -> Option<IdentityId> {
        let shops = &self.context["shops"];
        let name = shop.to_string();
        shops[&name].is_string().then(|| IdentityId(array(shops, &name)))
    }

    fn created(&self, _: &SpaceId) -> Option<Millis> {
        self.context["created"].as_u64().map(Millis)
    }

    fn prices(&self, version: &EntryId) -> Option<Vec<Money>> {
        match Body::decode(Kind::Listing, &self.find(version)?.open(None).ok()?).ok()? {
            Body::Listing(listing) => Some(listing.variants.iter().map(|variant| variant.price).collect()),
            _ => None,
        }
    }
}

fn kept(input: &[u8], context: &Value) -> Found {
    let now = Millis(context["now"].as_u64().expect("a time"));
    match admit::header(&Told::new(context), &entry(input)?, now) {
        Verdict::Admitted(head) => Ok(json!({"log": end_shown(&head)})),
        Verdict::Known => Ok(json!({"log": context["log"]})),
        Verdict::Waiting(missing) => Err(waiting(&missing).to_owned()),
        Verdict::Refused(refusal) => Err(refused(&refusal).to_owned()),
    }
}

pub(crate) fn end_shown(head: &Head) -> Value {
    json!({
        "id": head.id, "seq": head.seq, "lamport": head.lamport, "day": head.day, "entries": head.day_entries,
        "kinds": head.day_kinds, "norms": head.norms, "stopped": head.stopped,
    })
}

pub(crate) const fn waiting(missing: &Missing) -> &'static str {
    match missing {
        Missing::Predecessor => "predecessor",
        Missing::Writer => "writer",
        Missing::Time(_) => "time",
    }
}

pub(crate) const fn refused(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Fork(_) => "fork",
        Refusal::Unlinked => "unlinked",
        Refusal::BeyondCut => "beyond",
        Refusal::LogNumber => "number",
        Refusal::DayQuota => "day",
        Refusal::WrongSpace => "kind",
        Refusal::Hollow => "hollow",
    }
}

fn effect(input: &[u8], context: &Value) -> Found {
    let (view, entry) = (Told::new(context), entry(input)?);
    let header = entry.header();
    let head = admit::follow(view.end().as_ref(), &entry);
    let key = context["key"].is_string().then(|| array(context, "key"));
    let Some(kind) = Kind::from_code(header.kind) else {
        return Err(if head.stopped.is_some() { "stopped" } else { "newer" }.to_owned());
    };
    let plain = entry.open(key.as_ref()).map_err(|fault| fault.code())?;
    let body = Body::decode(kind, &plain).map_err(|fault| fault.code())?;
    let Writer::Person(author, _) = view.writer(&header.log_id()) else { panic!("the context lacks the writer") };
    let norms = view.norms();
    let role = Role::parse(context["role"].as_str().expect("a role")).expect("a role");
    let opened = Opened { header, author, role, head: &head, norms: norms.as_ref() };
    admit::body(&view, &opened, &body).map_err(|void| of_void(&void))?;
    Ok(json!({"body": shown(&plain)}))
}

/// Device of a name in the context.
pub(crate) fn writer(device: &DeviceId, person: &IdentityId) -> Value {
    let mut all = json!({});
    all[device.to_string()] = json!(person);
    all
}

pub(crate) fn of_void(void: &Void) -> String {
    match void {
        Void::Body(fault) => return fault.code(),
        Void::Stopped => "stopped",
        Void::Lamport => "lamport",
        Void::Norms => "quota",
        Void::Epochs => "epochs",
        Void::NormsCited => "norms_cited",
        Void::NormsMissing => "norms_missing",
        Void::NormsOver => "norms_over",
        Void::Denied => "denied",
        Void::Price => "band",
        Void::Seller(_) => "role",
        Void::NotTheirs(_) => "not_theirs",
        Void::Undisclosed => "undisclosed",
    }
    .to_owned()
}
