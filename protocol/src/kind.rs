//! Kinds of entries: the number in the header, which key hides the body, and which quota counts it.

/// What a key opens: who runs the circle, or what people say in it. Both follow from an epoch's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Not encrypted: needed before any key is there. Only members are handed it.
    Clear,
    /// Under the epoch's control key: membership, norms, shares, vouches.
    Control,
    /// Under the epoch's content key: what people say.
    Content,
    /// Under the shop's read key.
    Shop,
}

/// What the norms of a circle count together, per log and claimed day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quota {
    /// Posts and replies.
    Posts,
    /// Recommendations.
    Recommendations,
    /// Vouches and their withdrawal.
    Vouches,
    /// Reviews and answers to them.
    Reviews,
    /// Not limited by norms, only by the constant quota of the header stage.
    Free,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $secrecy:ident, $quota:ident;)*) => {
        /// A kind that this version knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All kinds, for tables and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number in the header.
            #[must_use]
            pub const fn code(self) -> u64 { match self { $(Self::$name => $code,)* } }

            /// The kind with this number; none when a newer version made it.
            #[must_use]
            pub const fn from_code(code: u64) -> Option<Self> { match code { $($code => Some(Self::$name),)* _ => None } }

            /// Its name in JSON and documents.
            #[must_use]
            pub const fn text(self) -> &'static str { match self { $(Self::$name => $text,)* } }

            /// Which key hides its body.
            #[must_use]
            pub const fn secrecy(self) -> Secrecy { match self { $(Self::$name => Secrecy::$secrecy,)* } }

            /// Which quota counts it.
            #[must_use]
            pub const fn quota(self) -> Quota { match self { $(Self::$name => Quota::$quota,)* } }
        }
    };
}

kinds! {
    /// Begins a circle.
    CircleCreate = 1, "circle_create", Clear, Free;
    /// New keys for a circle.
    Epoch = 2, "epoch", Clear, Free;
    /// An invite's public key.
    Invite = 3, "invite", Control, Free;
    /// Admits a person.
    MemberAdd = 4, "member_add", Control, Free;
    /// Removes a person.
    MemberRemove = 5, "member_remove", Control, Free;
    /// Shares a shop into the circle.
    Share = 6, "share", Control, Free;
    /// The name a person goes by.
    Profile = 7, "profile", Control, Free;
    /// Vouches for a person.
    Vouch = 8, "vouch", Control, Vouches;
    /// Takes a vouch back.
    Unvouch = 9, "unvouch", Control, Vouches;
    /// Leaves the circle.
    MemberLeave = 10, "member_leave", Control, Free;
    /// Gives a member a role.
    Role = 11, "role", Control, Free;
    /// New norms.
    Norms = 12, "norms", Control, Free;
    /// Takes an invite back.
    InviteRevoke = 13, "invite_revoke", Control, Free;
    /// Takes a shop back from the circle.
    Unshare = 14, "unshare", Control, Free;
    /// Somebody asks to be let in, where that needs approval.
    JoinRequest = 15, "join_request", Control, Free;
    /// Such a request is declined.
    JoinDecline = 16, "join_decline", Control, Free;
    /// More boxes of an epoch.
    EpochBoxes = 17, "epoch_boxes", Clear, Free;
    /// Something said.
    Post = 32, "post", Content, Posts;
    /// An answer to something said.
    Reply = 33, "reply", Content, Posts;
    /// A recommendation of a listing.
    Recommend = 34, "recommend", Content, Recommendations;
    /// A review of the other party of an order.
    Review = 35, "review", Content, Reviews;
    /// An answer to a review about oneself.
    ReviewReply = 36, "review_reply", Content, Reviews;
    /// A tombstone: asks everyone to drop an entry of one's own.
    Retract = 37, "retract", Content, Free;
    /// Begins a shop.
    ShopCreate = 64, "shop_create", Shop, Free;
    /// A version of a listing.
    Listing = 65, "listing", Shop, Free;
    /// Takes a listing off the shelf.
    ListingWithdraw = 66, "listing_withdraw", Shop, Free;
    /// Another device of the keeper's holds a shop's stock and answers its orders.
    ShopDesk = 67, "shop_desk", Shop, Free;
}

/// Which key opens a body of this number, also of kinds that a newer version made: the numbers are set apart for that.
#[must_use]
pub const fn secrecy_of(code: u64) -> Secrecy {
    match Kind::from_code(code) {
        Some(kind) => kind.secrecy(),
        None => match code {
            0..32 => Secrecy::Control,
            64..96 => Secrecy::Shop,
            _ => Secrecy::Content,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_kinds_name_each_other() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(*kind));
        }
        assert_eq!(Kind::from_code(9999), None);
    }
}
