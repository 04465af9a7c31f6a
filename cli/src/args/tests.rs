//! Every documented line parses; what is wrong is refused.

mod reference;

use clap::{CommandFactory, Parser};

use super::*;

#[test]
fn the_grammar_is_sound() {
    Cli::command().debug_assert();
}

/// The lines of the documented interface, as a shell splits them (`_` stands for a space inside a word).
const LINES: &str = "
up
up --name Chen --listen /ip4/127.0.0.1/tcp/0 --listen /ip4/0.0.0.0/tcp/1 --api 127.0.0.1:0 --seed-peer /ip4/127.0.0.1/tcp/9/p2p/Q --no-mdns --no-gossip
up --passphrase-file secret
up --until-eof
up --clock-ahead 2d
status
down
demo
demo --nodes 3 --rng-seed 7 --headless --keep town
demo --nodes 12
peer list
peer ls
peer add /ip4/127.0.0.1/tcp/9/p2p/Q
log verify
log rebuild --passphrase-file secret
id
circle create Lane_12
circle list
circle show C
circle invite C --uses 3 --expires 7d
circle join CODE
circle remove C lin
people
people --circle C
petname lin Aunt_Lin
block lin
unblock lin
mute lin
unmute lin
vouch lin --circle C --weight acquaintance
vouch lin --circle C --weight friend --text T
vouch lin --circle C --weight close
unvouch lin --circle C
trust lin
shop create Hill --currency CNY --returns 7_days --pickup North_gate --pickup South --ship CN=8.00 --ship EU=20 --pay cash:on-delivery --pay transfer:before:ICBC_6222
shop list
shop show S
shop share S --circle C
shop desk S
shop desk S --to 3f0a
listing add --shop S --title T --price 39.00 --description D --stock 12 --sku A --pickup P --ship CN=8 --expires 30d
listing import - --shop S
listing import f.csv --shop S --format auto --currency CNY --dry-run --partial
listing import f.csv --shop S --format shopify
listing list --circle C --shop S
listing show L
listing stock L 12
listing stock L --sku S 0
listing stock L uncounted
listing withdraw L
post C TEXT --listing L --listing M --reply-to E
recommend L --circle C --text T --interest none
recommend L --circle C --text T --interest commission
feed --circle C --limit 5 --after CURSOR
feed --follow
retract E
notices
doctor
config show
config show --origin
config get name
config set listen /ip4/0.0.0.0/tcp/1 /ip4/0.0.0.0/tcp/2
config path
config template
completions bash
completions zsh
completions fish --names
completions powershell
man
man --dir d
explain
explain out-of-stock
order offer L
order offer L --sku S --qty 2 --price 15.00 --valid 2d --delivery pickup --pay on-delivery --method cash --note T
order offer L --delivery ship --pay before
order offer L --delivery digital --pay after
order counter O --price 16.00 --valid 12h
order accept O
order reject O --reason R
order withdraw O
order expire O
order pay O --reference R --amount 3.00
order confirm-payment O
order confirm-payment O --amount 3.00
order deny-payment O --reason R
order waive O
order start O
order ship O --carrier C --tracking T
order ready O
order receive O
order complete O
order cancel O
order refund O --reference R --amount 3.00
order confirm-refund O
order close-defaulted O
order list --state agreed --role seller
order list --role buyer
order show O
order purge O
order export O proof
order export O -
order verify proof
order verify -
review O --rating 5 --text T --circle C
review-reply E --text T
";

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(|w| w.replace('_', " ")).collect()
}

#[test]
fn every_documented_line_parses_with_global_options_before_and_behind() {
    let lines: Vec<&str> = LINES.lines().filter(|l| !l.is_empty()).collect();
    assert!(lines.len() > 60);
    for line in lines {
        let mut before = vec!["haat".to_owned(), "--home".to_owned(), "h".to_owned(), "--json".to_owned()];
        before.extend(words(line));
        let mut behind = vec!["haat".to_owned()];
        behind.extend(words(line));
        behind.extend(["--json", "-q", "-vv", "--home", "h", "--color", "never", "--key", "k1"].map(str::to_owned));
        for words in [before, behind] {
            let cli = Cli::try_parse_from(&words).unwrap_or_else(|e| panic!("{words:?}: {e}"));
            assert!(cli.globals.json && cli.globals.home.as_deref() == Some(std::path::Path::new("h")), "{words:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_refused() {
    for line in [
        "nothing",
        "circle",
        "circle invite C --expires 7days",
        "circle invite C --uses 0",
        "circle invite C --uses -1",
        "vouch lin --circle C",
        "vouch lin --circle C --weight best",
        "shop create Hill --currency CNY",
        "listing add --shop S --title T --price 1 --stock many",
        "listing stock L",
        "listing stock L many",
        "listing stock L -1",
        "listing import f.csv --shop S --format xml",
        "recommend L --circle C --text T",
        "order offer L --qty 0",
        "order offer L --delivery drone",
        "order offer L --valid soon",
        "order reject O",
        "order deny-payment O",
        "order list --role friend",
        "review O --rating 6 --text T",
        "review O --rating 0 --text T",
        "up --api 80",
        "up --until-eof --passphrase-file -",
        "demo --nodes 2",
        "demo --nodes 13",
        "demo --rng-seed -1",
        "demo --keep",
        "feed --follow --after X",
        "status --color sometimes",
        "status --key a_b",
        "status extra",
    ] {
        let words = std::iter::once("haat".to_owned()).chain(words(line));
        let e = Cli::try_parse_from(words).expect_err(line);
        assert_eq!(e.exit_code(), 2, "{line}");
    }
}

#[test]
fn json_and_colour_are_known_before_the_line_is_understood() {
    let of = |line: &str| early(&words(line).into_iter().map(OsString::from).collect::<Vec<_>>());
    assert!(of("haat nothing --json").json);
    assert!(!of("haat post C -- --json").json, "behind -- it is text");
    assert!(matches!(of("haat --color=never x").color, Some(anstream::ColorChoice::Never)));
    assert!(matches!(of("haat --color always x").color, Some(anstream::ColorChoice::Always)));
    assert_eq!(of("haat --home=here status").home, Some(PathBuf::from("here")));
}
