//! Every guide is played as it is written.

use std::path::Path;

use haat_tests::transcript;

fn play(name: &str) {
    transcript::play(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide").join(name));
}

#[test]
fn the_first_sale() {
    play("first-sale.md");
}

#[test]
fn getting_paid() {
    play("getting-paid.md");
}

#[test]
fn selling() {
    play("selling.md");
}

#[test]
fn every_day() {
    play("everyday.md");
}

#[test]
fn a_circle() {
    play("circle.md");
}

#[test]
fn bringing_a_catalogue() {
    play("import.md");
}

#[test]
fn scripting() {
    play("scripting.md");
}

#[test]
fn run_a_seed() {
    play("seed.md");
}

#[test]
fn no_guide_is_left_out() {
    let source = include_str!("transcripts.rs");
    let guides = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide")).expect("there are guides").flatten();
    for guide in guides.map(|file| file.file_name().to_string_lossy().into_owned()).filter(|name| name.ends_with(".md")) {
        assert!(source.contains(&format!("play(\"{guide}\")")), "{guide} is not played");
    }
}
