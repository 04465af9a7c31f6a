//! The house rules, checked by reading the sources as text: layers, sizes, dependencies, leftovers, links.
//!
//! A rule that is only written down is forgotten. Each rule here is one test, and a broken one lists every offender with its
//! place and what to do. This module must never build, run or change anything it looks at.

mod codes;
mod deps;
mod docs;
mod languages;
mod layers;
mod marks;
mod sizes;
mod source;
mod tree;

use std::sync::LazyLock;

use tree::Tree;

/// The repository, read once.
static HERE: LazyLock<Tree> = LazyLock::new(Tree::read);

/// Fails with all offenders, one per line.
fn report(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}\n  {}\n{} in all\n", offenders.join("\n  "), offenders.len());
}

#[test]
fn protocol_modules_only_look_down() {
    report("protocol: a module may use only modules on lower lines of the strata table", &layers::strata(&HERE));
}

#[test]
fn protocol_is_pure() {
    report("protocol: no clock, chance, disk, network, threads, surroundings or unordered maps", &layers::purity(&HERE));
}

#[test]
fn each_library_has_one_home() {
    report("a library is named only in its own place", &layers::homes(&HERE));
}

#[test]
fn store_and_net_are_strangers() {
    report("node: modules that never see each other", &layers::strangers(&HERE));
}

#[test]
fn files_are_small() {
    report("files stay small", &sizes::lines(&HERE));
}

#[test]
fn function_sizes_are_fenced() {
    report("clippy holds functions to 70 lines and 5 arguments", &sizes::fences(&HERE));
}

#[test]
fn file_names_say_what_is_inside() {
    report("a file is named after what is inside", &sizes::names(&HERE));
}

#[test]
fn files_open_with_their_purpose() {
    report("every file starts with `//!`, crate roots forbid unsafe code", &sizes::openings(&HERE));
}

#[test]
fn protocol_depends_on_little() {
    report("protocol: dependencies are listed by name", &deps::protocol(&HERE));
}

#[test]
fn fixed_versions_stay_fixed() {
    report("Cargo.lock: versions with known faults stay out", &deps::floors(&HERE));
}

#[test]
fn the_top_level_is_fixed() {
    report("the top level is fixed", &docs::top_level(&HERE));
}

#[test]
fn links_lead_somewhere() {
    report("links in the documents lead to files", &docs::links(&HERE));
}

#[test]
fn nothing_is_left_unfinished() {
    report("no unfinished work, no test ignored in silence", &marks::unfinished(&HERE));
}

#[test]
fn no_registry_is_named() {
    report("no package registry is named outside Cargo.lock", &marks::registries(&HERE));
}

#[test]
fn every_language_says_the_same() {
    report("messages stand in every language, with the same blanks", &languages::parity(&HERE));
}

#[test]
fn what_is_said_is_in_the_catalogue() {
    report("the command line says what is in the catalogue, and all of it", &languages::uses(&HERE));
}

#[test]
fn nothing_is_said_beside_the_catalogue() {
    report("no sentence for people stands in the command line itself", &languages::strays(&HERE));
}

#[test]
fn every_code_is_met_by_a_test() {
    report("each code of a problem is met by a test", &codes::unmet(&HERE));
}
