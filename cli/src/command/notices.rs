//! `haat notices`: what waits for the person at this node.

use clap::Args;
use haat_protocol::local::{NoticeRow, Question};

use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::window::Part;
use crate::{output, table, text};

/// What needs an answer from you, the nearest deadline first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat notices\n  haat notices --json")]
pub(crate) struct Notices {
    #[command(flatten)]
    part: Part,
}

impl Notices {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.page(cx.ask(&Question::Notices(self.part.into()))?, told)
    }
}

/// Deadlines are in the zone of whoever reads.
fn told(notices: Vec<NoticeRow>) -> String {
    let rows = notices.into_iter().map(|notice| {
        let by = notice.deadline.map(text::instant).unwrap_or_default();
        let by = if notice.urgent { output::bold(&say!("notice-soon", until = by)) } else { by };
        [by, word(&notice.kind), notice.text, text::short(&notice.about).to_owned()]
    });
    table::table(["until", "what", "to do", "about"], rows.collect(), &say!("no-notices"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use haat_protocol::time::Millis;

    #[test]
    fn a_notice_says_until_when() {
        let notice = NoticeRow {
            kind: "pay".into(),
            text: "pay 78.00 CNY to 王".into(),
            at: Millis(0),
            about: "ab".repeat(32),
            deadline: Some(Millis(1_800_000_000_000)),
            urgent: true,
        };
        let drawn =
            anstream::adapter::strip_str(&told(vec![notice.clone(), NoticeRow { deadline: None, urgent: false, ..notice }])).to_string();
        assert!(
            drawn.contains("2027-01-1") && drawn.contains("soon") && drawn.contains("pay 78.00 CNY to 王") && drawn.contains("abababab"),
            "{drawn}"
        );
        assert_eq!(drawn.matches("soon").count(), 1);
        assert_eq!(told(vec![]), "Nothing waits for you.");
    }
}
