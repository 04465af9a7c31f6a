//! `haat config`: the settings of a home. Works without a node; a running one goes on with what it read when it started.

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::config::{self, Config, Origin, SETTINGS, Setting, Value};
use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::table;

/// Settings of your node; a flag comes before the environment (HAAT_…), that before the file, that before the default
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  haat config show --origin\n  haat config set name Chen\n  haat config set listen /ip4/0.0.0.0/tcp/4001\n\n\
    A running node takes settings over when it starts the next time; color and language hold at once."
)]
pub(crate) enum Settings {
    /// Every setting as it holds
    Show(Show),
    /// One setting as it holds
    #[command(after_help = "Example:\n  haat config get name")]
    Get {
        /// Its name
        #[arg(value_name = "KEY")]
        named: String,
    },
    /// Make a setting in the file; its comments stay
    Set {
        /// Its name
        #[arg(value_name = "KEY")]
        named: String,
        /// The value; a list takes several
        #[arg(required = true)]
        value: Vec<String>,
    },
    /// Where the file is
    #[command(after_help = "Example:\n  haat config path")]
    Path,
    /// A file with every setting and what it does
    #[command(after_help = "Example:\n  haat config template")]
    Template,
}

/// What `show` takes.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Where each value comes from
    #[arg(long)]
    origin: bool,
}

impl Settings {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let home = cx.home()?;
        match self {
            Self::Show(show) => show.run(cx),
            Self::Get { named } => {
                let setting = config::find(&named)?;
                let (value, origin) = holds(cx, &Config::load(&home)?, setting);
                cx.own(&row(setting, &value, Some(origin)), &value.told())
            }
            Self::Set { named, value } => {
                let setting = config::find(&named)?;
                let value = setting.parse(&value.join(",")).map_err(|why| config::bad_setting(&named, &why))?;
                config::set(&home, setting, &value)?;
                cx.own(&row(setting, &value, None), &format!("{named} = {}", value.toml()))?;
                if setting.is_read_by_node() {
                    cx.next(&say!("next-restart"));
                }
                Ok(())
            }
            Self::Path => {
                let path = config::path(&home);
                cx.own(&json!({"path": path, "exists": path.exists()}), &path.display().to_string())
            }
            Self::Template => {
                let text = config::template();
                cx.own(&json!({"template": text}), text.trim_end())
            }
        }
    }
}

impl Show {
    fn run(&self, cx: &Context) -> Result<(), Failure> {
        let config = Config::load(&cx.home()?)?;
        let held: Vec<(&Setting, Value, Origin)> = SETTINGS
            .iter()
            .map(|setting| {
                let (value, origin) = holds(cx, &config, setting);
                (setting, value, origin)
            })
            .collect();
        let rows: Vec<Json> = held.iter().map(|(setting, value, origin)| row(setting, value, self.origin.then_some(*origin))).collect();
        let told = held.iter().map(|(setting, value, origin)| {
            let origin = if self.origin { word(origin.text()) } else { String::new() };
            [setting.key.to_owned(), value.told(), origin]
        });
        let heading = ["setting", "value", if self.origin { "from" } else { "" }];
        cx.own(&json!({"items": rows, "next": null}), &table::table(heading, told.collect(), ""))
    }
}

/// The value that holds for this very command.
fn holds(cx: &Context, config: &Config, setting: &Setting) -> (Value, Origin) {
    match &cx.color {
        Some(color) if setting.key == "color" => (Value::Text((*color).to_owned()), Origin::Flag),
        _ => config.holds(setting),
    }
}

fn row(setting: &Setting, value: &Value, origin: Option<Origin>) -> Json {
    let mut row = json!({"key": setting.key, "value": value});
    if let Some(origin) = origin {
        row["origin"] = json!(origin.text());
    }
    row
}
