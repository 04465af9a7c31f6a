//! Settings of a home: what `config.toml`, the environment and the defaults say, and which of them holds.
//!
//! Only keys that do something are settings. What is not known is an error, never passed over: a mistyped key would be obeyed by nobody.

mod setting;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use haat_protocol::limits::HOME_FILE_MAX_BYTES;
use haat_protocol::local::{Problem, ProblemKind, typo};
use toml_edit::{DocumentMut, Item};

#[cfg(test)]
pub(crate) use setting::Kind;
pub(crate) use setting::{SETTINGS, Setting, Value};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An option of the command line.
    Flag,
    /// A variable of the environment.
    Environment(&'static str),
    /// The file.
    File,
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// In a word.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment(name) => name,
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// The settings of a home that somebody made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    said: BTreeMap<&'static str, (Value, Origin)>,
}

impl Config {
    /// What the file and the environment say; the environment comes first.
    ///
    /// # Errors
    /// A key is not known, a value is not of its kind, or the file cannot be read.
    pub(crate) fn load(home: &Path) -> Result<Self, Problem> {
        let mut config = Self::read(&text(home)?.unwrap_or_default())?;
        for setting in &SETTINGS {
            if let Some(words) = std::env::var_os(setting.env).filter(|words| !words.is_empty()) {
                let value = setting.parse(&words.to_string_lossy()).map_err(|why| bad_setting(setting.env, &why))?;
                config.said.insert(setting.key, (value, Origin::Environment(setting.env)));
            }
        }
        Ok(config)
    }

    /// What a file says.
    fn read(text: &str) -> Result<Self, Problem> {
        let mut said = BTreeMap::new();
        for (key, item) in document(text)?.iter() {
            let setting = find(key)?;
            let value = setting.value(item).map_err(|why| bad_setting(key, &why))?;
            said.insert(setting.key, (value, Origin::File));
        }
        Ok(Self { said })
    }

    /// The value of a setting that somebody made.
    pub(crate) fn said(&self, key: &str) -> Option<&Value> {
        self.said.get(key).map(|(value, _)| value)
    }

    /// The value that holds, and where it comes from.
    pub(crate) fn holds(&self, setting: &Setting) -> (Value, Origin) {
        self.said.get(setting.key).cloned().unwrap_or_else(|| ((setting.default)(), Origin::Default))
    }
}

/// Where the file of a home is.
pub(crate) fn path(home: &Path) -> PathBuf {
    home.join("config.toml")
}

/// The setting of this name.
///
/// # Errors
/// There is none; the nearest is suggested.
pub(crate) fn find(key: &str) -> Result<&'static Setting, Problem> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let problem = Problem::usage("bad-key", "there is no such setting", format!("{key:?} is not known"));
        match typo::nearest(key, SETTINGS.iter().map(|setting| setting.key)) {
            Some(near) => problem.hint(format!("did you mean {near:?}?")),
            None => problem.hint("haat config template lists all settings"),
        }
    })
}

/// A file with every setting, each with what it does, and none of them made.
pub(crate) fn template() -> String {
    let mut text = "# Settings of this home. A line that begins with # says nothing; take the # away to make a setting.\n\
        # A setting of the command line comes first, then one of the environment (HAAT_…), then this file.\n"
        .to_owned();
    for setting in &SETTINGS {
        text += &format!("\n# {}\n#{} = {}\n", setting.about, setting.key, setting.example);
    }
    text
}

/// Writes the template when there is no file yet.
///
/// # Errors
/// It cannot be written.
pub(crate) fn begin(home: &Path) -> Result<(), Problem> {
    if text(home)?.is_some() { Ok(()) } else { write(home, &template()) }
}

/// Makes a setting in the file; comments and everything else stay.
///
/// # Errors
/// The key is not known, the value is not of its kind, or the file cannot be read or written.
pub(crate) fn set(home: &Path, setting: &Setting, value: &Value) -> Result<(), Problem> {
    let before = text(home)?.unwrap_or_else(template);
    Config::read(&before)?;
    write(home, &with(&before, setting, value)?)
}

/// A file with this setting made, in the place of the line that shows how.
fn with(text: &str, setting: &Setting, value: &Value) -> Result<String, Problem> {
    let mut document = document(text)?;
    if let Some(Item::Value(held)) = document.get_mut(setting.key) {
        let decor = held.decor().clone();
        *held = value.toml();
        *held.decor_mut() = decor;
        return Ok(document.to_string());
    }
    let line = format!("{} = {}\n", setting.key, value.toml());
    let shown = format!("#{} =", setting.key);
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    match lines.iter().position(|line| line.starts_with(&shown)) {
        Some(at) => lines[at] = &line,
        None => lines.insert(0, &line),
    }
    let text = lines.concat();
    Config::read(&text)?;
    Ok(text)
}

fn document(text: &str) -> Result<DocumentMut, Problem> {
    let said = |fault: toml_edit::TomlError| fault.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    text.parse::<DocumentMut>().map_err(|fault| unreadable(said(fault)))
}

/// What stands in the file; none when it is not there.
fn text(home: &Path) -> Result<Option<String>, Problem> {
    let path = path(home);
    match fs::metadata(&path) {
        Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Ok(about) if !about.is_file() || about.len() > HOME_FILE_MAX_BYTES => {
            return Err(unreadable(format!("{} is no file of at most {HOME_FILE_MAX_BYTES} bytes", path.display())));
        }
        _ => {}
    }
    fs::read_to_string(&path).map(Some).map_err(|fault| unreadable(format!("{}: {fault}", path.display())))
}

/// Written beside it and renamed, for this user alone.
fn write(home: &Path, text: &str) -> Result<(), Problem> {
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(home)?;
        let mut file = tempfile::NamedTempFile::new_in(home)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path(home)).map_err(|fault| fault.error)
    };
    write().map(drop).map_err(|fault| {
        let detail = format!("{}: {fault}", path(home).display());
        Problem::new(ProblemKind::Store, "config-write", "the configuration file cannot be written", detail)
    })
}

fn unreadable(detail: String) -> Problem {
    Problem::usage("config", "the configuration file cannot be read", detail).hint("haat config path tells where it is")
}

/// A setting has a value of another kind.
pub(crate) fn bad_setting(named: &str, why: &str) -> Problem {
    Problem::usage("bad-setting", "a setting has a value that it cannot have", format!("{named}: {why}"))
        .hint("haat config template shows what it takes")
}

/// When to use colours, if somebody said so in the environment or the file. What is wrong there is told by those who need it.
pub(crate) fn color(home: Option<PathBuf>) -> Option<anstream::ColorChoice> {
    let home = home.or_else(|| crate::home::default_home().ok())?;
    match Config::load(&home).ok()?.said("color")? {
        Value::Text(word) if word == "always" => Some(anstream::ColorChoice::Always),
        Value::Text(word) if word == "never" => Some(anstream::ColorChoice::Never),
        _ => None,
    }
}

/// The language that the settings ask for.
pub(crate) fn language(home: Option<PathBuf>) -> Option<String> {
    let home = home.or_else(|| crate::home::default_home().ok())?;
    match Config::load(&home).ok()?.said("language")? {
        Value::Text(word) => Some(word.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str) -> &'static Setting {
        find(key).expect("known")
    }

    #[test]
    fn the_template_says_nothing_and_shows_settings_that_hold() {
        assert_eq!(Config::read(&template()), Ok(Config::default()));
        let made: String = template()
            .lines()
            .map(|line| format!("{}\n", line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line)))
            .collect();
        assert_eq!(Config::read(&made).expect("all made").said.len(), SETTINGS.len());
    }

    #[test]
    fn a_setting_is_made_in_its_place_and_comments_stay() {
        let name = |word: &str| Value::Text(word.to_owned());
        let once = with(&template(), setting("name"), &name("Chen")).expect("made");
        assert!(once.contains("\nname = \"Chen\"\n") && !once.contains("#name"), "{once}");
        let twice = with(&once.replace("\"Chen\"", "\"Chen\" # mine"), setting("name"), &name("Lin")).expect("made");
        assert!(twice.contains("name = \"Lin\" # mine") && twice.contains("#listen"), "{twice}");
        let bare = with("mdns = false\n", setting("name"), &name("Lin")).expect("made");
        assert_eq!(Config::read(&bare).expect("read").said.len(), 2);
    }

    #[test]
    fn what_is_not_known_is_told_with_what_was_meant() {
        let problem = Config::read("nmae = \"x\"").expect_err("unknown");
        assert_eq!((problem.code.as_str(), problem.hint.as_deref()), ("bad-key", Some("did you mean \"name\"?")));
        for (text, code) in [
            ("mdns = 1", "bad-setting"),
            ("listen = \"here\"", "bad-setting"),
            ("color = \"pink\"", "bad-setting"),
            ("language = \"xx\"", "bad-setting"),
            ("api = \"80\"", "bad-setting"),
            ("name = ", "config"),
        ] {
            assert_eq!(Config::read(text).expect_err(text).code, code, "{text}");
        }
        assert!(Config::read("language = \"zh_CN\"").is_ok(), "a language is named as systems name it");
    }

    #[test]
    fn the_file_is_this_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let top = tempfile::tempdir().expect("a directory");
        let home = top.path().join("home");
        set(&home, setting("mdns"), &Value::Flag(false)).expect("set");
        begin(&home).expect("left as it is");
        assert_eq!(fs::metadata(path(&home)).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(Config::load(&home).expect("read").said("mdns"), Some(&Value::Flag(false)));
    }
}
