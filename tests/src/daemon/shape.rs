//! How the document of each command looks: what the description of the API says of the operation behind it, or, where the command line
//! answers by itself, which fields it has. Every document that a test sees is held against it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

const API: &str = include_str!("../../../docs/reference/openapi.json");

/// What a command answers with.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// The answer of one of these operations.
    Answers(&'static [&'static str]),
    /// A document of the command line: `field:type` of JSON Schema, all of them and no others.
    Own(&'static [&'static str]),
    /// Lines of its own while it runs: what they are is told where they are read.
    Lines,
}

use Shape::{Answers, Lines, Own};

const ACT: Shape = Answers(&["order_act"]);
const PAGE: Shape = Own(&["items:array", "next:null"]);

/// `(command, its document)`; of commands that begin alike, the longer one counts.
#[rustfmt::skip]
const SHAPES: &[(&str, Shape)] = &[
    ("up", Lines), ("seed", Lines), ("demo", Lines), ("shop watch", Lines),
    ("down", Own(&["stopped:boolean"])), ("status", Answers(&["status"])), ("id", Answers(&["me"])),
    ("peer list", Answers(&["peers"])), ("peer add", Answers(&["peer_add"])), ("log verify", Answers(&["log_verify"])), ("log rebuild", Answers(&["log_rebuild"])),
    ("circle create", Answers(&["circle_create"])), ("circle list", Answers(&["circles"])), ("circle show", Answers(&["circle"])),
    ("circle invite", Answers(&["circle_invite"])), ("circle join", Answers(&["circle_join"])), ("circle norms", Answers(&["norms"])),
    ("circle requests", Answers(&["requests"])), ("circle approve", Answers(&["circle_approve"])), ("circle decline", Answers(&["circle_decline"])),
    ("circle invites", Answers(&["invites"])), ("circle revoke-invite", Answers(&["circle_revoke_invite"])), ("circle leave", Answers(&["circle_leave"])),
    ("circle role", Answers(&["circle_role"])), ("circle remove", Answers(&["circle_remove"])), ("people", Answers(&["people"])),
    ("petname", Answers(&["petname"])), ("block", Answers(&["block"])), ("unblock", Answers(&["unblock"])), ("mute", Answers(&["mute"])),
    ("unmute", Answers(&["unmute"])), ("vouch", Answers(&["vouch"])), ("unvouch", Answers(&["unvouch"])), ("trust", Answers(&["trust"])),
    ("shop create", Answers(&["shop_create"])), ("shop list", Answers(&["shops"])), ("shop show", Answers(&["shop"])), ("shop share", Answers(&["shop_share"])),
    ("shop edit", Answers(&["shop_edit"])), ("shop undo", Answers(&["shop_undo"])), ("shop unshare", Answers(&["shop_unshare"])), ("shop desk", Answers(&["shop_desk"])),
    ("listing add", Answers(&["listing_add"])), ("listing import", Answers(&["listing_import"])), ("listing list", Answers(&["listings"])),
    ("listing export", Own(&["shop:string", "format:string"])), ("listing show", Answers(&["listing"])),
    ("listing edit", Answers(&["listing_edit"])), ("listing stock", Answers(&["listing_stock"])), ("listing withdraw", Answers(&["listing_withdraw"])),
    ("post", Answers(&["post"])), ("recommend", Answers(&["recommend"])), ("retract", Answers(&["retract"])), ("feed", Answers(&["feed"])), ("notices", Answers(&["notices"])),
    ("order offer", Answers(&["order_offer"])), ("order counter", ACT), ("order accept", ACT), ("order reject", ACT), ("order withdraw", ACT), ("order expire", ACT),
    ("order pay", Answers(&["order_act", "payment"])), ("order confirm-payment", ACT), ("order deny-payment", ACT), ("order waive", ACT), ("order start", ACT),
    ("order ship", ACT), ("order ready", ACT), ("order receive", ACT), ("order complete", ACT), ("order cancel", ACT), ("order refund", ACT),
    ("order confirm-refund", ACT), ("order close-defaulted", ACT), ("order request-cancel", ACT), ("order return", ACT), ("order return-received", ACT),
    ("order agree", ACT), ("order refuse", ACT), ("order dispute", ACT), ("order settle", ACT), ("order decide", Answers(&["order_act", "order_decide"])),
    ("order perform", ACT), ("order handover", ACT), ("order address", Own(&["order:string"])), ("order deliver-digital", ACT),
    ("order purge", Answers(&["order_purge"])), ("order save", Own(&["order:string", "name:string", "file:string", "bytes:integer"])), ("order say", ACT),
    ("order list", Answers(&["orders"])), ("order show", Answers(&["order"])), ("order export", Own(&["order:string", "file:string", "bytes:integer"])),
    ("order verify", Own(&["valid:boolean"])),
    ("doctor", PAGE), ("token create", Answers(&["token_create"])), ("token list", Answers(&["tokens"])), ("token revoke", Answers(&["token_revoke"])),
    ("config show", PAGE), ("config get", Own(&["key:string"])), ("config set", Own(&["key:string"])), ("config path", Own(&["path:string", "exists:boolean"])),
    ("config template", Own(&["template:string"])), ("completions", Own(&["shell:string", "script:string"])), ("man", Lines),
    ("explain", Lines), ("review", Answers(&["review"])), ("review-reply", Answers(&["review_reply"])),
];

/// The commands that have a document.
pub fn commands() -> impl Iterator<Item = &'static str> {
    SHAPES.iter().map(|(command, _)| *command)
}

/// Holds the document of a command against its shape.
///
/// # Panics
/// When it looks otherwise.
pub(super) fn check(words: &[&str], document: &Value) {
    let bare: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).take(2).collect();
    let (two, one) = (bare.join(" "), bare.first().copied().unwrap_or_default());
    let of = |name: &str| SHAPES.iter().find(|(command, _)| *command == name).map(|(_, shape)| *shape);
    match of(&two).or_else(|| of(one)) {
        None | Some(Lines) => {}
        Some(Own(fields)) => assert_own(&two, fields, document),
        Some(Answers(operations)) => {
            let faults: Vec<String> = operations.iter().flat_map(|operation| faults(operation, document)).collect();
            let fits = operations.iter().any(|operation| self::faults(operation, document).is_empty());
            assert!(fits, "{two}: not as docs/reference/openapi.json says: {faults:?}: {document}");
        }
    }
}

fn assert_own(command: &str, fields: &[&str], document: &Value) {
    let pairs: Vec<(&str, &str)> = fields.iter().filter_map(|field| field.split_once(':')).collect();
    let properties: Value =
        pairs.iter().map(|(name, kind)| ((*name).to_owned(), json!({"type": kind}))).collect::<serde_json::Map<_, _>>().into();
    let required: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
    let schema = json!({"type": "object", "required": required, "properties": properties});
    let wrong: Vec<String> = compiled(&schema).iter_errors(document).map(|fault| fault.to_string()).collect();
    assert!(wrong.is_empty(), "{command}: {wrong:?}: {document}");
}

/// What is wrong with a document as the answer of an operation.
fn faults(operation: &str, document: &Value) -> Vec<String> {
    static KNOWN: OnceLock<Mutex<BTreeMap<String, Arc<Validator>>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let validator = Arc::clone(known.entry(operation.to_owned()).or_insert_with(|| Arc::new(validator(operation))));
    drop(known);
    validator.iter_errors(document).map(|fault| format!("{fault} at {}", fault.instance_path())).collect()
}

fn validator(operation: &str) -> Validator {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    let api = DESCRIPTION.get_or_init(|| serde_json::from_str(API).expect("the description is JSON"));
    let operations = api["paths"].as_object().expect("paths").values().filter_map(Value::as_object).flat_map(|path| path.values());
    let found =
        operations.into_iter().find(|found| found["operationId"] == operation).unwrap_or_else(|| panic!("no operation {operation}"));
    let mut schema = found["responses"]["200"]["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{operation} has no schema");
    schema["components"] = api["components"].clone();
    compiled(&schema)
}

fn compiled(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a schema")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_document() {
        let page = include_str!("../../../docs/reference/cli.md");
        let headings: Vec<&str> = page.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(" haat ")).collect();
        let leaves = headings.iter().filter(|name| !headings.iter().any(|other| other.starts_with(&format!("{name} "))));
        let missing: Vec<&&str> = leaves.filter(|name| !commands().any(|command| command == **name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let strange: Vec<&str> = commands().filter(|command| !headings.contains(command)).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }

    #[test]
    fn what_does_not_fit_is_seen() {
        assert!(faults("me", &json!({})).len() > 2);
        let id = "a".repeat(64);
        let me = json!({"identity": id, "device": id, "peer": "12D3", "name": "chen"});
        assert_eq!(faults("me", &me), Vec::<String>::new());
        check(&["id"], &me);
        assert!(std::panic::catch_unwind(|| check(&["config", "path"], &json!({"path": 1}))).is_err());
        assert!(std::panic::catch_unwind(|| check(&["id"], &json!({"identity": "short"}))).is_err());
    }
}
