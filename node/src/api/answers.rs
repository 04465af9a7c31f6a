//! What each operation answers with, as JSON Schema drawn from the types that the answers are made of.

use haat_protocol::local::done::{
    BlockSet, CatalogueText, CircleBegun, CircleChanged, CircleEntered, CircleLeft, DeskMoved, EnclosedFile, EvidenceFile, InviteMade,
    InviteRevoked, ListingAdded, LogSound, MuteSet, OrderDecided, OrderPurged, PeerAdded, PetnameGiven, Posted, RequestAnswered, RoleGiven,
    ShopEdited, ShopOpened, Signed, Stopping, TokenMade, TokenRevoked,
};
use haat_protocol::local::{
    CircleRow, CircleView, ClockView, EditReport, FeedItem, ImportReport, InviteRow, ListingRow, Me, NormsRow, NoticeRow, OrderRow, Page,
    PaymentView, PeerRow, PersonRow, Problem, RequestRow, ShopRow, Status, TokenRow, TrustView, UndoReport,
};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where the schemas of types stand in the document.
const PLACE: &str = "/components/schemas";

type Draw = fn(&mut SchemaGenerator) -> Schema;

fn of<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// `(operation, its answer)`; sorted.
#[rustfmt::skip]
const ANSWERS: &[(&str, Draw)] = &[
    ("block", of::<BlockSet>), ("catalogue", of::<CatalogueText>), ("circle", of::<CircleView>), ("circle_approve", of::<RequestAnswered>),
    ("circle_create", of::<CircleBegun>), ("circle_decline", of::<RequestAnswered>), ("circle_invite", of::<InviteMade>),
    ("circle_join", of::<CircleEntered>), ("circle_leave", of::<CircleLeft>), ("circle_norms", of::<NormsRow>),
    ("circle_remove", of::<CircleChanged>), ("circle_revoke_invite", of::<InviteRevoked>), ("circle_role", of::<RoleGiven>),
    ("circles", of::<Page<CircleRow>>), ("clock", of::<ClockView>), ("enclosed", of::<EnclosedFile>), ("evidence", of::<EvidenceFile>),
    ("feed", of::<Page<FeedItem>>), ("invites", of::<Page<InviteRow>>), ("listing", of::<ListingRow>), ("listing_add", of::<ListingAdded>),
    ("listing_edit", of::<EditReport>), ("listing_import", of::<ImportReport>), ("listing_stock", of::<ListingRow>),
    ("listing_withdraw", of::<Signed>), ("listings", of::<Page<ListingRow>>), ("log_rebuild", of::<LogSound>),
    ("log_verify", of::<LogSound>), ("me", of::<Me>), ("mute", of::<MuteSet>), ("node_stop", of::<Stopping>), ("norms", of::<NormsRow>),
    ("notices", of::<Page<NoticeRow>>), ("order", of::<OrderRow>), ("order_act", of::<OrderRow>), ("order_decide", of::<OrderDecided>),
    ("order_offer", of::<OrderRow>), ("order_purge", of::<OrderPurged>), ("orders", of::<Page<OrderRow>>), ("payment", of::<PaymentView>),
    ("peer_add", of::<PeerAdded>), ("peers", of::<Page<PeerRow>>), ("people", of::<Page<PersonRow>>), ("petname", of::<PetnameGiven>),
    ("post", of::<Posted>), ("recommend", of::<Signed>), ("requests", of::<Page<RequestRow>>), ("retract", of::<Signed>),
    ("review", of::<Signed>), ("review_reply", of::<Signed>), ("shop", of::<ShopRow>), ("shop_create", of::<ShopOpened>),
    ("shop_desk", of::<DeskMoved>), ("shop_edit", of::<ShopEdited>), ("shop_share", of::<Signed>), ("shop_undo", of::<UndoReport>),
    ("shop_unshare", of::<Signed>), ("shops", of::<Page<ShopRow>>), ("status", of::<Status>), ("token_create", of::<TokenMade>),
    ("token_revoke", of::<TokenRevoked>), ("tokens", of::<Page<TokenRow>>), ("trust", of::<TrustView>), ("unblock", of::<BlockSet>),
    ("unmute", of::<MuteSet>), ("unvouch", of::<Signed>), ("vouch", of::<Signed>),
];

/// The schemas of all answers, each asked for by its operation, and then the types that they name.
pub(super) struct Answers(SchemaGenerator);

impl Answers {
    pub(super) fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12().for_serialize();
        settings.definitions_path = PLACE.into();
        settings.meta_schema = None;
        Self(settings.into_generator())
    }

    /// What an operation answers with; none for those that answer with no JSON of a type.
    pub(super) fn of(&mut self, operation: &str) -> Option<Value> {
        let at = ANSWERS.binary_search_by_key(&operation, |(name, _)| name).ok()?;
        Some(ANSWERS.get(at)?.1(&mut self.0).to_value())
    }

    /// All types that were named, and how a problem looks.
    pub(super) fn types(mut self) -> Map<String, Value> {
        let _ = of::<Problem>(&mut self.0);
        self.0.take_definitions(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_tables_has_an_answer() {
        use haat_protocol::local::routes::{COMMANDS, QUESTIONS};
        let mut wanted: Vec<&str> = COMMANDS.iter().chain(QUESTIONS).map(|(tag, ..)| *tag).chain(["log_rebuild", "node_stop"]).collect();
        wanted.sort_unstable();
        let drawn: Vec<&str> = ANSWERS.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(drawn, wanted);
    }
}
