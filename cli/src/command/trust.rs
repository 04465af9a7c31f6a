//! `haat trust`: whether and why to trust a person or the seller of a listing. Words and reasons, never a score.

use clap::Args;
use haat_protocol::local::{Question, TrustView};

use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::{output, text};

/// Whether and why to trust a person, or the seller of a listing
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat trust lin\n  haat trust 'Green tea'")]
pub(crate) struct Trust {
    /// A person or a listing
    #[arg(value_name = "PERSON_OR_LISTING")]
    subject: String,
}

impl Trust {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.ask(&Question::Trust { subject: self.subject })?, told)
    }
}

fn told(view: TrustView) -> String {
    let mut lines = vec![format!("{} ({})", output::bold(&word(&view.word)), view.subject.short())];
    for reason in view.reasons {
        // A share is between 0 and 1, so the percentage fits; it is shown, never computed with.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let percent = (reason.share.clamp(0.0, 1.0) * 100.0).round() as u8;
        let proofs: Vec<String> = reason.proofs.iter().map(text::short_id).collect();
        // Only evidence has a part in the whole; an introduction by a friend has none.
        let part = if percent > 0 { format!("{percent:>3} %") } else { " ".repeat(5) };
        lines.push(format!("  {part}  {} {}", text::one_line(&reason.text), output::dim(&proofs.join(" "))));
    }
    if view.own_purchases > 0 {
        lines.push(say!("own-purchases", count = view.own_purchases));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use haat_protocol::id::{EntryId, IdentityId};
    use haat_protocol::local::TrustReason;

    use super::*;

    #[test]
    fn a_reason_shows_its_part_and_its_proofs() {
        let reason =
            TrustReason { text: "Ana bought\nhere".into(), via: vec!["Ana".into()], share: 0.756, proofs: vec![EntryId([0xcd; 32])] };
        let view = TrustView { subject: IdentityId([0xab; 32]), word: "known".into(), reasons: vec![reason], own_purchases: 0 };
        let words = anstream::adapter::strip_str(&told(view)).to_string();
        assert_eq!(words, "known (abababab)\n   76 %  Ana bought here cdcdcdcd");
    }
}
