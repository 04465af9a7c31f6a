//! The terms of a shop said anew: return terms, ways to get things and ways to pay. Its name and its currency stay for ever.

use haat_protocol::body::{Body, ShopCreate};
use haat_protocol::limits::LISTING_MAX_BYTES;
use haat_protocol::local::done::ShopEdited;
use haat_protocol::local::{ImportChange, Problem, ShopEdit};
use serde_json::{Value, json};

use super::super::work::Work;
use super::words;

impl Work<'_, '_> {
    /// Says the terms of a shop anew; the last word counts.
    pub(in crate::engine) fn shop_edit(&mut self, edit: &ShopEdit) -> Result<Value, Problem> {
        let (shop, row) = self.own_shop(&edit.shop)?;
        let before = row.body;
        let delivery = words::ways(&edit.pickup, &edit.ship, edit.digital, before.currency)?;
        let payment = edit.pay.iter().map(|text| words::payment(text, before.currency)).collect::<Result<Vec<_>, _>>()?;
        if edit.returns.is_none() && delivery.is_empty() && payment.is_empty() {
            return Err(Problem::usage("bad-edit", "nothing is changed", "it is not said what is to change")
                .hint("such as --returns '14 days' or --pickup 'North gate'"));
        }
        let after = ShopCreate {
            returns: edit.returns.as_ref().map_or_else(|| before.returns.clone(), |text| text.trim().to_owned()),
            delivery: if delivery.is_empty() { before.delivery.clone() } else { delivery },
            payment: if payment.is_empty() { before.payment.clone() } else { payment },
            ..before.clone()
        };
        let changes = diff(&before, &after);
        if after == before {
            return Ok(json!(ShopEdited { shop, changes }));
        }
        let body = Body::ShopCreate(after);
        let bad = |why: String| Problem::usage("bad-shop", "nothing is changed", why);
        body.check().map_err(|fault| bad(fault.to_string()))?;
        let size = body.encode().len();
        if size > LISTING_MAX_BYTES {
            return Err(bad(format!("its terms take {size} bytes, at most {LISTING_MAX_BYTES} are allowed")));
        }
        self.author(shop, &body)?;
        Ok(json!(ShopEdited { shop, changes }))
    }
}

/// What changes in the terms, as people read it.
fn diff(before: &ShopCreate, after: &ShopCreate) -> Vec<ImportChange> {
    let lines = |words: Vec<String>| words.join(", ");
    let delivery = |shop: &ShopCreate| lines(shop.delivery.iter().map(ToString::to_string).collect());
    let payment = |shop: &ShopCreate| lines(shop.payment.iter().map(ToString::to_string).collect());
    let fields = [
        ("returns", before.returns.clone(), after.returns.clone()),
        ("delivery", delivery(before), delivery(after)),
        ("payment", payment(before), payment(after)),
    ];
    let changed = fields.into_iter().filter(|(_, was, is)| was != is);
    let told = |(field, was, is): (&str, String, String)| ImportChange {
        title: after.name.clone(),
        field: field.to_owned(),
        before: was,
        after: is,
    };
    changed.map(told).collect()
}
