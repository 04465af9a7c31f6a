//! What people say: posts, recommendations, reviews, and taking it back. And the table of all commands.

use haat_protocol::body::{Body, Interest, ListingRef, Post, Recommend, Retract, Review, ReviewReply, Unvouch, Vouch};
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::kind::Kind;
use haat_protocol::local::done::{PeerAdded, PetnameGiven, Posted, Signed};
use haat_protocol::local::{Command, Problem};
use haat_protocol::order::Outcome;
use haat_protocol::trust::Weight;
use serde_json::{Value, json};

use super::work::Work;
use super::{Effect, Ticket};
use crate::fact::Fact;
use crate::intake;
use crate::name;
use crate::net::{NetCommand, parse_remote};
use crate::view::{body, circle, known, order, shelf};

impl Work<'_, '_> {
    /// Carries out a command and answers it. Of a command that is refused, nothing stays.
    pub(super) fn command(&mut self, ticket: Ticket, command: Command) {
        let (savepoint, wished, signed) = (self.tx.savepoint(), self.out.len(), self.passing.guard.savepoint());
        let again = self.may_wait().then(|| command.clone());
        let answer = match command {
            Command::CircleJoin { code } => self.circle_join(ticket, &code).transpose(),
            other => Some(self.carry_out(other)),
        };
        if let Some(Err(problem)) = &answer {
            self.tx.roll_back(savepoint);
            self.out.truncate(wished);
            self.passing.guard.roll_back(signed);
            if self.keeps_waiting(ticket, again, problem) {
                return;
            }
        }
        if let Some(answer) = answer {
            self.out.push(Effect::Answer(ticket, answer));
        }
    }

    fn carry_out(&mut self, command: Command) -> Result<Value, Problem> {
        match command {
            Command::CircleCreate { name, norms } => self.circle_create(&name, norms.as_deref()),
            Command::CircleInvite { circle, uses, expires_ms } => self.circle_invite(&circle, uses, expires_ms),
            Command::CircleJoin { .. } => Err(super::work::internal("a join is not carried out here")),
            Command::CircleRemove { circle, person } => self.circle_remove(&circle, &person),
            Command::CircleLeave { circle } => self.circle_leave(&circle),
            Command::CircleRole { circle, person, role } => self.circle_role(&circle, &person, &role),
            Command::CircleNorms { circle, norms } => self.circle_norms(&circle, &norms),
            Command::CircleApprove { circle, person } => self.circle_approve(&circle, &person),
            Command::CircleDecline { circle, person, reason } => self.circle_decline(&circle, &person, reason),
            Command::CircleRevokeInvite { code } => self.revoke_invite(&code),
            Command::Petname { person, name } => self.petname(&person, &name),
            Command::Block { person } => self.block(&person, true),
            Command::Unblock { person } => self.block(&person, false),
            Command::Mute { person } => self.mute(&person, true),
            Command::Unmute { person } => self.mute(&person, false),
            Command::Vouch { person, circle, weight, text } => {
                let weight = weight_of(&weight)?;
                let text = text.unwrap_or_default();
                self.word_about(&circle, &person, |identity| Body::Vouch(Vouch { identity, weight, text }))
            }
            Command::Unvouch { person, circle } => self.word_about(&circle, &person, |identity| Body::Unvouch(Unvouch { identity })),
            Command::ShopCreate(shop) => self.shop_create(&shop),
            Command::ShopShare { shop, circle } => self.shop_share(&shop, &circle),
            Command::ShopDesk { shop, device } => self.shop_desk(&shop, device.as_deref()),
            Command::ShopEdit(edit) => self.shop_edit(&edit),
            Command::ShopUndo { shop } => self.shop_undo(&shop),
            Command::ShopUnshare { shop, circle } => self.shop_unshare(&shop, &circle),
            Command::ListingAdd(listing) => self.listing_add(&listing),
            Command::ListingImport { shop, data, format, encoding, currency, dry_run, partial } => {
                let (format, encoding, currency) = (format.as_deref(), encoding.as_deref(), currency.as_deref());
                self.listing_import(&super::shop::Import { shop: &shop, data: &data, format, encoding, currency, dry_run, partial })
            }
            Command::ListingEdit(edit) => self.listing_edit(&edit),
            Command::ListingStock { listing, sku, stock } => self.listing_stock(&listing, sku.as_deref(), stock),
            Command::ListingWithdraw { listing } => self.listing_withdraw(&listing),
            Command::Post { circle, text, listings, reply_to } => self.post(&circle, text, &listings, reply_to.as_deref()),
            Command::Recommend { listing, circle, text, interest } => self.recommend(&listing, &circle, text, &interest),
            Command::Retract { entry } => self.retract(&entry),
            Command::PeerAdd { address } => self.peer_add(&address),
            Command::OrderOffer(offer) => self.order_offer(&offer),
            Command::OrderDecide { order, data, refund, reason } => self.order_decide(order.as_deref(), data.as_deref(), &refund, reason),
            Command::OrderPurge { order } => self.order_purge(&order),
            Command::OrderAct { order, verb, words } => self.order_act(&order, &verb, &words),
            Command::Review { order, rating, text, circle } => self.review(&order, rating, text, circle.as_deref()),
            Command::ReviewReply { entry, text } => self.review_reply(&entry, text),
            Command::TokenCreate { name, scope, expires_ms } => self.token_create(&name, &scope, expires_ms),
            Command::TokenRevoke { name } => self.token_revoke(&name),
        }
    }

    fn petname(&mut self, person: &str, name: &str) -> Result<Value, Problem> {
        let person = name::person(&self.tx, self.me, person)?;
        let name = name.trim().to_owned();
        if !name.is_empty() {
            haat_protocol::body::name(&name)
                .map_err(|fault| Problem::refused("bad-name", "the petname was not given", fault.to_string()))?;
        }
        intake::fact(&mut self.cx(), &Fact::Petname { person, name: name.clone() });
        Ok(json!(PetnameGiven { identity: person, petname: (!name.is_empty()).then_some(name) }))
    }

    fn peer_add(&mut self, address: &str) -> Result<Value, Problem> {
        let (plain, device) = parse_remote(address).map_err(|fault| {
            Problem::usage("bad-address", "this is no address of a peer", fault.to_string())
                .hint("an address looks like /ip4/192.168.1.7/tcp/4001/p2p/12D3Koo…; `haat status` on the other node prints it")
        })?;
        intake::fact(&mut self.cx(), &Fact::Peer { address: address.to_owned() });
        self.send(NetCommand::Dial { device, addresses: vec![plain] });
        Ok(json!(PeerAdded { address: address.to_owned() }))
    }

    fn post(&mut self, circle: &str, text: String, listings: &[String], reply_to: Option<&str>) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        let listings = listings.iter().map(|listing| self.listing_ref(listing, &roster.space)).collect::<Result<Vec<_>, _>>()?;
        let body = match reply_to {
            None => Body::Post(Post { text, listings, reply_to: None }),
            Some(entry) => {
                let entry = name::entry(&self.tx, self.me, entry)?;
                let here = known::entry(&self.tx, &entry).is_some_and(|entry| entry.header().space == roster.space);
                if !here {
                    return Err(Problem::refused("other-circle", "nothing was said", "what is answered was said in another circle"));
                }
                Body::Reply(Post { text, listings, reply_to: Some(entry) })
            }
        };
        let entry = self.author(roster.space, &body)?;
        let state = if self.is_heard(&roster.space) { "sent" } else { "local" };
        Ok(json!(Posted { entry, state: state.to_owned() }))
    }

    /// A listing as it stands now, in a shop that is shared into the circle.
    fn listing_ref(&self, text: &str, circle: &SpaceId) -> Result<ListingRef, Problem> {
        let listing = name::listing(&self.tx, self.me, text)?;
        let row = shelf::row(&self.tx, &listing).ok_or_else(|| Problem::not_found("listing", text))?;
        if !shelf::circles(&self.tx, &row.shop).contains(circle) {
            return Err(Problem::refused("not-shared", "nothing was said", "the shop of that listing is not shared into this circle")
                .hint("only its keeper can share it: haat shop share SHOP --circle C"));
        }
        let version = row.current().ok_or_else(|| Problem::not_found("listing", text))?;
        Ok(ListingRef { shop: row.shop, listing, version })
    }

    fn recommend(&mut self, listing: &str, circle: &str, text: String, interest: &str) -> Result<Value, Problem> {
        let interest = interest_of(interest)?;
        let roster = self.own_circle(circle)?;
        let listing = self.listing_ref(listing, &roster.space)?;
        let keeps = known::inception(&self.tx, &listing.shop).is_some_and(|begun| begun.creator == self.me.id());
        if keeps && interest != Interest::Seller {
            return Err(Problem::refused(
                "undisclosed",
                "the recommendation was not made",
                "it is your own listing: whoever earns says so",
            )
            .hint("say --interest seller"));
        }
        let entry = self.author(roster.space, &Body::Recommend(Recommend { listing, text, interest }))?;
        Ok(json!(Signed { entry }))
    }

    fn retract(&mut self, entry: &str) -> Result<Value, Problem> {
        let target = name::entry(&self.tx, self.me, entry)?;
        let held = known::entry(&self.tx, &target).ok_or_else(|| Problem::not_found("entry", entry))?;
        if known::author(&self.tx, held.header()) != Some(self.me.id()) {
            return Err(Problem::refused("not-yours", "nothing was taken back", "only its author takes an entry back"));
        }
        let kind = Kind::from_code(held.header().kind);
        let said = matches!(kind, Some(Kind::Post | Kind::Reply | Kind::Recommend | Kind::Review | Kind::ReviewReply | Kind::Vouch));
        if !said {
            return Err(Problem::refused("not-retractable", "nothing was taken back", "only what was said can be taken back")
                .hint("a listing is withdrawn with `haat listing withdraw`"));
        }
        let entry = self.author(held.header().space, &Body::Retract(Retract { entry: target }))?;
        Ok(json!(Signed { entry }))
    }

    fn review(&mut self, text_of_order: &str, rating: u8, text: String, circle: Option<&str>) -> Result<Value, Problem> {
        if !(1..=5).contains(&rating) {
            return Err(Problem::usage("bad-rating", "the review was not made", "--rating is a number from 1 to 5"));
        }
        let id = name::order(&self.tx, self.me, text_of_order)?;
        let (set, order) = order::folded(&self.tx, &id).ok_or_else(|| Problem::not_found("order", text_of_order))?;
        let right = set.review_right(&order).ok_or_else(|| {
            Problem::refused("not-agreed", "the review was not made", "a review needs an agreed order: both sides signed the same terms")
        })?;
        let space = self.review_circle(&order, circle)?;
        let entry = self.author(space, &Body::Review(Review { right, rating: u64::from(rating), outcome: Outcome::of(&order), text }))?;
        Ok(json!(Signed { entry }))
    }

    /// The circle a review is said in: the one named, that of the order's recommendation, else the only one both are in.
    fn review_circle(&self, order: &haat_protocol::order::Order, named: Option<&str>) -> Result<SpaceId, Problem> {
        if let Some(named) = named {
            return Ok(self.own_circle(named)?.space);
        }
        let (buyer, seller) = (order.terms.buyer.identity, order.terms.seller.identity);
        let via = order.terms.via.and_then(|via| known::entry(&self.tx, &via)).map(|entry| entry.header().space);
        let rosters = circle::all(&self.tx).into_iter().filter_map(|space| circle::roster(&self.tx, &space));
        let shared: Vec<SpaceId> = rosters.filter(|r| r.has(&buyer) && r.has(&seller)).map(|r| r.space).collect();
        match (via.filter(|via| circle::roster(&self.tx, via).is_some_and(|r| r.has(&self.me.id()))), shared.as_slice()) {
            (Some(via), _) => Ok(via),
            (None, [only]) => Ok(*only),
            _ => Err(Problem::usage("circle-needed", "the review was not made", "it is not clear in which circle to say it")
                .hint("name it: --circle C")),
        }
    }

    fn review_reply(&mut self, review: &str, text: String) -> Result<Value, Problem> {
        let id: EntryId = name::entry(&self.tx, self.me, review)?;
        let Some(Body::Review(reviewed)) = body(&self.tx, &id) else {
            return Err(Problem::refused("no-review", "the answer was not made", "that entry is not a review"));
        };
        let right = &reviewed.right.right;
        let by = known::entry(&self.tx, &id).and_then(|entry| known::author(&self.tx, entry.header()));
        if by == Some(self.me.id()) || ![right.buyer, right.seller].contains(&self.me.id()) {
            return Err(Problem::refused("not-about-you", "the answer was not made", "only whom a review is about answers it"));
        }
        let space = known::entry(&self.tx, &id).map(|entry| entry.header().space).ok_or_else(|| Problem::not_found("entry", review))?;
        let entry = self.author(space, &Body::ReviewReply(ReviewReply { review: id, text }))?;
        Ok(json!(Signed { entry }))
    }
}

fn weight_of(text: &str) -> Result<Weight, Problem> {
    match text {
        "acquaintance" => Ok(Weight::Acquaintance),
        "friend" => Ok(Weight::Friend),
        "close" => Ok(Weight::Close),
        other => Err(Problem::usage("bad-weight", "nothing was said", format!("{other:?} is not acquaintance, friend or close"))),
    }
}

fn interest_of(text: &str) -> Result<Interest, Problem> {
    match text {
        "none" => Ok(Interest::None),
        "gift" => Ok(Interest::Gift),
        "commission" => Ok(Interest::Commission),
        "seller" => Ok(Interest::Seller),
        "employee" => Ok(Interest::Employee),
        other => Err(Problem::usage(
            "bad-interest",
            "the recommendation was not made",
            format!("{other:?} is not none, gift, commission, seller or employee"),
        )),
    }
}
