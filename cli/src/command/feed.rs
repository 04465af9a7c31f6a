//! `haat feed`: what people said, and with `--follow` what they say from now on. Reading the feed tells nobody.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use haat_protocol::id::SpaceId;
use haat_protocol::limits::FOLLOW_PAGES_MAX;
use haat_protocol::local::{CircleRow, FeedItem, Page, Problem, ProblemKind, Question};
use serde_json::Value;

use crate::client::Client;
use crate::context::{Context, field, parsed};
use crate::error::Failure;
use crate::fold::fitted;
use crate::say::{say, word};
use crate::stream::{GAP, Happenings};
use crate::{output, text};

/// What people said, newest first, and why to believe it
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat feed --circle 'Lane 12' --limit 10\n  haat feed --follow --json")]
pub(crate) struct Feed {
    /// Only this circle
    #[arg(long)]
    circle: Option<String>,
    /// How many at most (50 unless given)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Where the page before ended
    #[arg(long, value_name = "CURSOR", conflicts_with = "follow")]
    after: Option<String>,
    /// Stay, and print what comes, oldest first; with --json one item per line
    #[arg(long)]
    follow: bool,
}

/// Names of my circles; none under `--json`, where ids are printed.
pub(crate) fn circle_names(cx: &Context) -> Result<BTreeMap<SpaceId, String>, Failure> {
    if cx.json {
        return Ok(BTreeMap::new());
    }
    let mut value = cx.ask(&Question::Circles)?;
    text::clean_all(&mut value);
    let page: Page<CircleRow> = parsed(value)?;
    Ok(page.items.into_iter().map(|c| (c.circle, c.name)).collect())
}

impl Feed {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let names = circle_names(cx)?;
        if self.follow {
            return self.follow(cx, &names);
        }
        let value = cx.ask(&Question::Feed { circle: self.circle, limit: self.limit, after: self.after })?;
        cx.page(value, |items: Vec<FeedItem>| {
            let told: Vec<String> = items.iter().map(|item| card(item, &names)).collect();
            if told.is_empty() { say!("feed-empty") } else { told.join("\n\n") }
        })
    }

    fn follow(&self, cx: &Context, names: &BTreeMap<SpaceId, String>) -> Result<(), Failure> {
        let client = cx.client()?;
        // Listening begins before the first page is read, so that nothing falls in between.
        let mut happenings = Happenings::new(client.events()?);
        let mut seen = BTreeSet::new();
        loop {
            for item in self.unseen(&client, &mut seen)? {
                if cx.json {
                    output::line(&item.to_string())?;
                    continue;
                }
                cx.answer(item, |item: FeedItem| card(&item, names) + "\n")?;
            }
            loop {
                match happenings.next() {
                    Ok(Some(happening)) if matches!(happening.kind.as_str(), "entry" | GAP) => break,
                    Ok(Some(_)) => {}
                    Ok(None) => return Err(ended("it closed the stream").into()),
                    Err(e) => return Err(ended(&e.to_string()).into()),
                }
            }
        }
    }

    /// Items that were not there at the last look, oldest first.
    fn unseen(&self, client: &Client, seen: &mut BTreeSet<String>) -> Result<Vec<Value>, Failure> {
        let is_first = seen.is_empty();
        let mut new = Vec::new();
        let mut page_ids = BTreeSet::new();
        let mut after = None;
        for _ in 0..FOLLOW_PAGES_MAX {
            let value = client.ask(&Question::Feed { circle: self.circle.clone(), limit: self.limit, after })?;
            let page: Page<Value> = parsed(value)?;
            let met = page.items.iter().any(|item| seen.contains(field(item, "entry")));
            page_ids.extend(page.items.iter().map(|item| field(item, "entry").to_owned()));
            new.extend(page.items.into_iter().filter(|item| !seen.contains(field(item, "entry"))));
            after = page.next;
            if is_first || met || after.is_none() {
                break;
            }
        }
        // Only what is still on the pages can come again.
        *seen = page_ids;
        new.reverse();
        Ok(new)
    }
}

fn ended(why: &str) -> Problem {
    Problem::new(ProblemKind::NotRunning, "stream-ended", "the node stopped telling", why).hint("haat up, then haat feed --follow again")
}

fn card(item: &FeedItem, names: &BTreeMap<SpaceId, String>) -> String {
    let circle = names.get(&item.circle).cloned().unwrap_or_else(|| item.circle.short());
    let outcome = item.outcome.map(|outcome| format!(" ({})", word(outcome.text()))).unwrap_or_default();
    let stars = item.rating.map(|n| format!(" {n}/5{outcome}")).unwrap_or_default();
    let head = format!(
        "{}  {}{stars} {}  {}",
        output::bold(&text::one_line(&item.author.name)),
        word(&item.kind),
        say!("feed-place", circle = circle),
        text::instant(item.at)
    );
    let mut lines = vec![format!("{head}  {}", output::dim(&item.entry.short()))];
    lines.extend(item.text.lines().map(|line| format!("  {line}")));
    // What somebody gains is told also while the listing itself is still on its way.
    let on_its_way = || item.listing.map(|_| say!("listing-coming"));
    if let Some(title) = item.title.clone().or_else(on_its_way) {
        let interest = item.interest.as_ref().map(|i| format!(" ({})", say!("feed-gains", interest = word(i)))).unwrap_or_default();
        lines.push(format!("  > {}{interest}", text::one_line(&title)));
    }
    if item.pending {
        lines = lines.iter().map(|line| output::dim(line)).collect();
        lines.push(output::dim(&format!("  {}", say!("feed-catching-up"))));
    }
    lines.extend(item.why.iter().map(|why| output::dim(&format!("  {}", say!("feed-because", why = text::one_line(&why.text))))));
    fitted(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gained_is_told_with_and_without_the_title() {
        let id = "ab".repeat(32);
        let item = |title: Option<&str>| -> FeedItem {
            let item = serde_json::json!({
                "entry": id, "kind": "recommend", "author": {"identity": id, "name": "sana"}, "circle": id, "text": "Try it", "at": 0,
                "listing": id, "title": title, "interest": "commission", "why": []
            });
            serde_json::from_value(item).expect("an item")
        };
        let told = |title| anstream::adapter::strip_str(&card(&item(title), &BTreeMap::new())).to_string();
        assert!(told(Some("绿茶")).contains("> 绿茶 (gains: commission)"));
        assert!(told(None).contains("(gains: commission)"), "{}", told(None));
    }
}
