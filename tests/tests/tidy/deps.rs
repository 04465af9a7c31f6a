//! Dependencies, read from the manifests and Cargo.lock as text: what `protocol` may rest on, and versions that must not return.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;

/// What `protocol` names itself.
const DIRECT: &[&str] = &[
    "blake3",
    "chacha20poly1305",
    "data-encoding",
    "ed25519-dalek",
    "hpke",
    "iso_currency",
    "schemars",
    "serde",
    "serde_bytes",
    "serde_ipld_dagcbor",
    "thiserror",
    "zeroize",
];

/// What those bring along, on any platform: text and codecs, cryptography, code that runs only while compiling.
#[rustfmt::skip]
const INDIRECT: &[&str] = &[
    "arrayvec", "base-x", "base256emoji", "base45", "cbor4ii", "cfg-if", "cid", "const-str", "data-encoding-macro", "ipld-core",
    "iso_country", "lazy_static", "libc", "multibase", "multihash", "scopeguard", "serde_core", "unsigned-varint",
    "aead", "block-buffer", "chacha20", "cipher", "cmov", "const-oid", "constant_time_eq", "cpufeatures", "crypto-common", "ctutils",
    "curve25519-dalek", "digest", "ed25519", "fiat-crypto", "hkdf", "hmac", "hybrid-array", "inout", "poly1305", "rand_core", "sha2",
    "signature", "subtle", "typenum", "universal-hash", "x25519-dalek",
    "cc", "curve25519-dalek-derive", "data-encoding-macro-internal", "match-lookup", "proc-macro2", "quote", "rustc_version",
    "serde_derive", "syn", "thiserror-impl", "unicode-ident", "zeroize_derive",
    // How the documents of the local API look, as JSON Schema.
    "dyn-clone", "itoa", "memchr", "ref-cast", "ref-cast-impl", "schemars_derive", "serde_derive_internals", "serde_json", "zmij",
];

/// Tools of build scripts: what they rest on never becomes part of `protocol`.
const TOOLS: &[&str] = &["cc", "rustc_version"];

/// What must never come along, however it is listed above.
const NEVER: &[&str] =
    &["async-std", "getrandom", "js-sys", "libp2p", "mio", "rand", "reqwest", "rustix", "smol", "socket2", "tokio", "wasi"];

/// Lowest good versions, with the reason.
const FLOORS: &[(&str, Version, &str)] = &[
    ("libp2p", [0, 57, 1], "the first whose fresh resolve takes the mended gossipsub and yamux"),
    ("libp2p-gossipsub", [0, 50, 1], "GHSA-vrx6-jcp8-vm7m: PRUNE for topics not joined"),
    ("redb", [4, 4, 0], "earlier ones can lose commits after a crash, or grow the page cache without bound"),
];

type Version = [u64; 3];

/// A package of Cargo.lock: its name and version, and what it rests on, as `name` or `name version`.
struct Package {
    name: String,
    version: String,
    needs: Vec<String>,
}

fn packages(lock: &str) -> Vec<Package> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let blocks = lock.split("[[package]]").skip(1);
    let needs = |block: &str| block.lines().filter_map(|line| Some(line.strip_prefix(" \"")?.strip_suffix("\",")?.to_owned())).collect();
    blocks.map(|block| Package { name: value(block, "name"), version: value(block, "version"), needs: needs(block) }).collect()
}

/// Names under `[dependencies]` of a manifest, with lines.
fn direct(manifest: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (at, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.contains("dependencies") && !line.contains("dev-dependencies");
        } else if let Some((name, _)) = line.split_once(['.', ' ', '=']).filter(|(name, _)| inside && !name.is_empty() && *name != "#") {
            found.push((at + 1, name.to_owned()));
        }
    }
    found
}

/// Every package below `root`, each with the one that first brought it; from `root` itself only what is in `start`.
fn closure(packages: &[Package], root: &str, start: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let find = |need: &str| {
        let (name, version) = need.split_once(' ').unwrap_or((need, ""));
        packages.iter().find(|package| package.name == name && (version.is_empty() || package.version == version))
    };
    let mut found = BTreeMap::new();
    let mut waiting: Vec<&Package> = packages.iter().filter(|package| package.name == root).collect();
    while let Some(package) = waiting.pop() {
        if TOOLS.contains(&package.name.as_str()) {
            continue;
        }
        for need in package.needs.iter().filter_map(|need| find(need)) {
            let wanted = package.name != root || start.contains(need.name.as_str());
            if wanted && !found.contains_key(&need.name) {
                found.insert(need.name.clone(), package.name.clone());
                waiting.push(need);
            }
        }
    }
    found
}

/// Dependencies of `protocol` that are not listed, forbidden ones, and lines of the lists that nothing needs.
pub(super) fn protocol(tree: &Tree) -> Vec<String> {
    const HERE: &str = "tests/tests/tidy/deps.rs";
    let manifest = direct(&tree.text("protocol/Cargo.toml").unwrap_or_default());
    let names: BTreeSet<&str> = manifest.iter().map(|(_, name)| name.as_str()).collect();
    let below = closure(&packages(&tree.text("Cargo.lock").unwrap_or_default()), "haat-protocol", &names);
    let listed: BTreeSet<&str> = DIRECT.iter().chain(INDIRECT).copied().collect();

    let unlisted = manifest.iter().filter(|(_, name)| !DIRECT.contains(&name.as_str()));
    let mut faults: Vec<String> = unlisted
        .map(|(line, name)| {
            format!("protocol/Cargo.toml:{line}: `{name}` - do without, or add it to DIRECT in {HERE} and say why in the commit")
        })
        .collect();
    for (name, by) in &below {
        if NEVER.contains(&name.as_str()) {
            faults.push(format!("Cargo.lock:1: `{name}`, brought by `{by}` - protocol must not rest on it; switch the feature off"));
        } else if !listed.contains(name.as_str()) {
            faults.push(format!("Cargo.lock:1: `{name}`, brought by `{by}` - switch the feature off, or add it to INDIRECT in {HERE}"));
        }
    }
    let unused = listed.iter().filter(|name| !below.contains_key(**name));
    faults.extend(unused.map(|name| format!("{HERE}:1: nothing needs `{name}` - take it off the list")));
    faults
}

fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split(['-', '+']).next()?.split('.').map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// Versions below their floor, and packages that have gone.
pub(super) fn floors(tree: &Tree) -> Vec<String> {
    floors_in(&packages(&tree.text("Cargo.lock").unwrap_or_default()))
}

fn floors_in(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, floor, reason) in FLOORS {
        let mut held = packages.iter().filter(|package| package.name == *name).peekable();
        if held.peek().is_none() {
            faults.push(format!("Cargo.lock:1: `{name}` is not there - if it was replaced, replace its line in FLOORS"));
        }
        for package in held.filter(|package| version(&package.version).is_none_or(|held| held < *floor)) {
            let [major, minor, patch] = floor;
            faults.push(format!("Cargo.lock:1: `{name}` {}, at least {major}.{minor}.{patch} - {reason}", package.version));
        }
    }
    faults
}

#[cfg(test)]
const SAMPLE: &str = "[[package]]\nname = \"haat-protocol\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"dev\",\n]\n\n\
    [[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b 2.0.0\",\n]\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\
    dependencies = [\n \"old\",\n]\n\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\n\n[[package]]\nname = \"old\"\nversion = \"1.0.0\"\n\n\
    [[package]]\nname = \"dev\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"redb\"\nversion = \"4.3.9\"\n";

#[test]
fn the_closure_follows_versions_and_leaves_test_dependencies_out() {
    let found = closure(&packages(SAMPLE), "haat-protocol", &BTreeSet::from(["a"]));
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(found["b"], "a");
}

#[test]
fn manifests_are_read() {
    let text = "[package]\nname = \"x\"\n[dependencies]\n# why\na.workspace = true\nb = \"1\"\n\n[dev-dependencies]\nc = \"1\"\n[target.'cfg(unix)'.dependencies]\nd = \"1\"";
    assert_eq!(direct(text), [(5, "a".to_owned()), (6, "b".to_owned()), (11, "d".to_owned())]);
}

#[test]
fn an_old_version_is_found() {
    let faults = floors_in(&packages(SAMPLE));
    assert_eq!(faults.len(), 3, "two missing, one old: {faults:?}");
    assert!(faults[2].contains("4.3.9"));
    assert!(version("0.57.1") >= Some([0, 57, 1]) && version("0.100.0") > Some([0, 57, 1]));
}
