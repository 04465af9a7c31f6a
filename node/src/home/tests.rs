//! Bad homes, bad key files and second holders: each must end in a clear problem, and never in a panic.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

use haat_protocol::local::{Problem, ProblemKind};
use haat_protocol::time::Millis;
use tempfile::TempDir;

use super::keyfile::{Cost, KeyError, Secrets, entropy_of_words};
use super::*;

/// A cost that tests can afford.
const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

fn fresh() -> (TempDir, Home) {
    let dir = TempDir::new().expect("a temporary directory");
    let home = Home::open_or_create(&dir.path().join("deep/home")).expect("a new home");
    (dir, home)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

fn widen(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("our own file");
}

fn secrets() -> Secrets {
    Secrets::generate(Millis(7), "Mei").expect("randomness")
}

#[test]
fn a_new_home_is_private() {
    let (_dir, home) = fresh();
    home.make_api_token().expect("a token");
    home.remember(&Remembered::default()).expect("written");
    secrets().save_at(&home.identity_path(), "", CHEAP).expect("written");
    let _lock = home.lock().expect("free");
    assert_eq!(mode(home.path()), 0o700);
    for name in ["blobs", "logs"] {
        assert_eq!(mode(&home.path().join(name)), 0o700, "{name}");
    }
    for name in ["api-token", "identity", "lock", "remembered.json"] {
        assert_eq!(mode(&home.path().join(name)), 0o600, "{name}");
    }
    let left: Vec<_> = fs::read_dir(home.path()).expect("readable").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left.len(), 6, "nothing else is left: {left:?}");
}

#[test]
fn wider_homes_are_refused_with_the_remedy() {
    for (name, wide, remedy) in [
        ("", 0o755, "chmod 700 "),
        ("", 0o710, "chmod 700 "),
        ("blobs", 0o701, "chmod 700 "),
        ("logs", 0o777, "chmod 700 "),
        ("api-token", 0o644, "chmod 600 "),
        ("identity", 0o640, "chmod 600 "),
        ("lock", 0o604, "chmod 600 "),
        ("haat.redb", 0o660, "chmod 600 "),
        ("config.toml", 0o666, "chmod 600 "),
        ("remembered.json", 0o620, "chmod 600 "),
    ] {
        let (_dir, home) = fresh();
        let path = if name.is_empty() { home.path().to_owned() } else { home.path().join(name) };
        if !path.exists() {
            fs::write(&path, b"").expect("written");
        }
        widen(&path, wide);
        for opened in [Home::open(home.path()), Home::open_or_create(home.path())] {
            let problem = opened.expect_err(name);
            assert_eq!((problem.kind, problem.code.as_str()), (ProblemKind::Permission, "too-wide"), "{name}");
            assert_eq!(problem.hint, Some(format!("{remedy}{}", path.display())));
        }
        assert_eq!(mode(&path), wide, "it is not narrowed behind the user's back");
    }
}

#[test]
fn odd_homes() {
    let (dir, home) = fresh();
    let link = dir.path().join("link");
    symlink(home.path(), &link).expect("linked");
    assert!(Home::open_or_create(&link).is_ok(), "a link to a home is a home");
    assert_eq!(Home::open(&dir.path().join("none")).expect_err("none").kind, ProblemKind::NotFound);
    let file = dir.path().join("file");
    fs::write(&file, b"x").expect("written");
    assert!(Home::open(&file).is_err());
    assert!(Home::open_or_create(&file).is_err());
    symlink("/etc/hostname", home.path().join("identity")).expect("linked");
    assert_eq!(Home::open(home.path()).expect_err("a link inside").code, "damaged-file");
}

#[test]
fn homes_of_others_are_refused() {
    let (_dir, home) = fresh();
    let lock = home.path().join("lock");
    fs::write(&lock, b"").expect("written");
    widen(&lock, 0o600);
    if chown(&lock, Some(54_321), None).is_err() {
        println!("SKIPPED: only root can make a file of another user");
        return;
    }
    assert_eq!(Home::open(home.path()).expect_err("a file of another user").code, "not-ours");
    chown(home.path(), Some(54_321), None).expect("root");
    assert_eq!(Home::open_or_create(home.path()).expect_err("a home of another user").code, "not-ours");
    assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 3, "no probe is left");
}

#[test]
fn the_default_is_where_xdg_says() {
    let os = |text: &str| Some(OsString::from(text));
    assert_eq!(path_from(os("/data"), os("/home/mei")), Some("/data/haat".into()));
    assert_eq!(path_from(None, os("/home/mei")), Some("/home/mei/.local/share/haat".into()));
    assert_eq!(path_from(os("relative"), os("/home/mei")), Some("/home/mei/.local/share/haat".into()));
    assert_eq!(path_from(os(""), os("")), None);
    assert_eq!(path_from(None, None), None);
}

#[test]
fn the_second_holder_is_refused_and_the_first_unharmed() {
    let (_dir, home) = fresh();
    assert_eq!(home.running(), Ok(None), "nobody yet");
    let first = home.lock().expect("free");
    assert_eq!(home.running().expect("readable").map(|node| node.api), Some(None), "starting");
    first.announce("http://127.0.0.1:4180").expect("written");
    let problem = home.lock().expect_err("held");
    assert_eq!((problem.kind.codes().0, problem.code.as_str()), (3, "in-use"));
    let expected = RunningNode { pid: std::process::id(), api: Some("http://127.0.0.1:4180".into()) };
    assert_eq!(home.running(), Ok(Some(expected)));
    first.announce("http://[::1]:1").expect("written");
    assert_eq!(home.running().expect("readable").and_then(|node| node.api).as_deref(), Some("http://[::1]:1"), "shorter than before");
    drop(first);
    assert_eq!(home.running(), Ok(None));
    drop(home.lock().expect("free again"));
}

#[test]
fn what_a_killed_node_left_does_not_count() {
    let (_dir, home) = fresh();
    let lock = home.path().join("lock");
    file::write(&lock, br#"{"pid":1,"api":"http://127.0.0.1:1"}"#).expect("written");
    for name in ["identity.unfinished-00ff", "remembered.json.unfinished-1"] {
        fs::write(home.path().join(name), b"half").expect("written");
    }
    assert_eq!(home.running(), Ok(None), "nobody holds the lock");
    assert_eq!(home.remembered(), Ok(Remembered::default()));
    assert!(matches!(Secrets::load(&home.identity_path(), ""), Err(KeyError::NoFile)));
    let _lock = home.lock().expect("free");
    assert!(!home.path().join("identity.unfinished-00ff").exists());
    assert!(!home.path().join("remembered.json.unfinished-1").exists());
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let (_dir, home) = fresh();
    let path = home.path().join("blobs");
    fs::write(path.join("kept"), b"old").expect("written");
    assert!(file::write(&path, b"new").is_err(), "a directory is in the way");
    assert_eq!(fs::read(path.join("kept")).expect("still there"), b"old");
    assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 2, "and nothing unfinished");
}

#[test]
fn the_token_is_made_once() {
    let (_dir, home) = fresh();
    assert_eq!(home.api_token(), Ok(None));
    let token = home.make_api_token().expect("made");
    assert_eq!(token.len(), 43);
    assert_eq!(home.make_api_token().as_ref(), Ok(&token));
    assert_eq!(home.api_token(), Ok(Some(token.clone())));
    let (_other_dir, other) = fresh();
    assert_ne!(other.make_api_token(), Ok(token));
    for bad in ["", "short", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "\u{fffd}"] {
        file::write(&home.path().join("api-token"), bad.as_bytes()).expect("written");
        assert_eq!(home.make_api_token().expect_err(bad).code, "damaged-file");
    }
}

#[test]
fn ports_and_peers_are_remembered() {
    let (_dir, home) = fresh();
    let kept = Remembered {
        listen: vec!["/ip4/0.0.0.0/tcp/4001".into()],
        api: Some(4180),
        seed: true,
        peers: vec!["/ip4/10.0.0.1/tcp/1/p2p/x".into()],
    };
    home.remember(&kept).expect("written");
    assert_eq!(home.remembered(), Ok(kept));
    let path = home.path().join("remembered.json");
    for bad in ["", "5", "{", "{\"api\":70000}", "{\"more\":1}", "\u{0}"] {
        file::write(&path, bad.as_bytes()).expect("written");
        assert_eq!(home.remembered().expect_err(bad).kind, ProblemKind::Store);
    }
    file::write(&path, &vec![b' '; 1024 * 1024 + 1]).expect("written");
    assert!(home.remembered().is_err(), "too large");
}

#[test]
fn secrets_come_back_under_their_passphrase_only() {
    let (_dir, home) = fresh();
    let path = home.identity_path();
    let secrets = secrets();
    for passphrase in ["", "correct horse", "\u{9a6c}\u{0}x"] {
        secrets.save_at(&path, passphrase, CHEAP).expect("written");
        assert!(Secrets::load(&path, passphrase).expect("opens") == secrets);
        for wrong in ["wrong", " ", "correct horse "] {
            assert!(matches!(Secrets::load(&path, wrong), Err(KeyError::WrongPassphrase)), "{wrong:?} opened {passphrase:?}");
        }
    }
    let sealed = fs::read(&path).expect("readable");
    assert!(!sealed.windows(32).any(|part| part == secrets.device_seed), "nothing in clear");
    secrets.save_at(&path, "", CHEAP).expect("written");
    assert_ne!(fs::read(&path).expect("readable")[20..36], sealed[20..36], "a fresh salt each time");
}

#[test]
fn the_cost_of_a_home_is_what_is_promised() {
    let (_dir, home) = fresh();
    secrets().save(&home.identity_path(), "").expect("written");
    let bytes = fs::read(home.identity_path()).expect("readable");
    assert_eq!(bytes[..20], *b"haat id\0\x00\x01\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01");
    assert!(Secrets::load(&home.identity_path(), "").is_ok());
}

#[test]
fn every_flipped_byte_and_every_cut_is_noticed() {
    let (_dir, home) = fresh();
    let path = home.identity_path();
    secrets().save_at(&path, "", CHEAP).expect("written");
    let whole = fs::read(&path).expect("readable");
    let mut bad: Vec<Vec<u8>> = (0..whole.len()).step_by(7).map(|cut| whole[..cut].to_vec()).collect();
    bad.extend((0..whole.len()).map(|at| {
        let mut changed = whole.clone();
        changed[at] ^= 0x40;
        changed
    }));
    bad.extend([[whole.as_slice(), b"x"].concat(), b"{}".to_vec(), vec![0; 4096], b"haat id\0".repeat(40)]);
    for bytes in bad {
        fs::write(&path, &bytes).expect("written");
        assert!(matches!(Secrets::load(&path, ""), Err(KeyError::Damaged(_))), "{} bytes", bytes.len());
    }
    fs::write(&path, vec![0; 65 * 1024]).expect("written");
    assert!(matches!(Secrets::load(&path, ""), Err(KeyError::File(_))), "too large to read");
}

#[test]
fn forged_costs_are_refused_before_the_work() {
    let (_dir, home) = fresh();
    let path = home.identity_path();
    secrets().save_at(&path, "", CHEAP).expect("written");
    let whole = fs::read(&path).expect("readable");
    for (at, number) in [(8, u32::MAX), (8, 256 * 1024 + 1), (12, 17), (12, u32::MAX), (16, 9), (8, 0), (12, 0), (16, 0)] {
        let mut forged = whole[..whole.len() - 32].to_vec();
        forged[at..at + 4].copy_from_slice(&number.to_be_bytes());
        let check = blake3::hash(&forged);
        forged.extend_from_slice(check.as_bytes());
        fs::write(&path, &forged).expect("written");
        let refused = Secrets::load(&path, "");
        assert!(matches!(refused, Err(KeyError::TooCostly | KeyError::Damaged(_))), "{at} {number}: {refused:?}");
    }
    let dear = Cost { memory_kib: u32::MAX, passes: 1, lanes: 1 };
    assert!(matches!(secrets().save_at(&path, "", dear), Err(KeyError::TooCostly)));
}

#[test]
fn a_wide_or_missing_key_file_is_told() {
    let (_dir, home) = fresh();
    let path = home.identity_path();
    assert!(matches!(Secrets::load(&path, ""), Err(KeyError::NoFile)));
    secrets().save_at(&path, "", CHEAP).expect("written");
    widen(&path, 0o640);
    let refused = Secrets::load(&path, "").expect_err("too wide");
    assert!(matches!(refused, KeyError::TooWide(_)));
    assert_eq!(Problem::from(refused).hint, Some(format!("chmod 600 {}", path.display())));
    assert_eq!(Problem::from(KeyError::WrongPassphrase).kind, ProblemKind::Permission);
    assert_eq!(Problem::from(KeyError::Damaged("x")).kind, ProblemKind::Store);
}

#[test]
fn words_bring_the_root_back() {
    let secrets = secrets();
    let words = secrets.recovery_words();
    assert_eq!(words.split(' ').count(), 24);
    assert_eq!(*entropy_of_words(&words).expect("good words"), secrets.root_entropy);
    let loud = format!("  {} ", words.to_uppercase().replace(' ', "\n"));
    assert_eq!(*entropy_of_words(&loud).expect("good words"), secrets.root_entropy);
    let twelve = "abandon ".repeat(11) + "about";
    let unchecked = "abandon ".repeat(24);
    for bad in ["", "haat", twelve.as_str(), unchecked.as_str(), words.rsplit_once(' ').expect("words").0] {
        assert!(matches!(entropy_of_words(bad), Err(KeyError::BadWords)), "{bad}");
    }
    assert_ne!(*secrets.root_seed(), secrets.root_entropy);
    assert_ne!(secrets.root_seed(), secrets.next_root_seed());
}

#[test]
fn secrets_are_not_printed() {
    assert_eq!(format!("{:?}", secrets()), "Secrets(..)");
}
