//! The commands, one file each. A command turns its words into a command or question of the local API and tells the answer.

mod block;
mod circle;
mod completions;
mod config;
mod demo;
mod doctor;
mod down;
mod explain;
mod feed;
mod id;
mod listing;
mod log;
mod man;
mod mute;
mod notices;
mod order;
mod peer;
mod people;
mod petname;
mod post;
mod recommend;
mod retract;
mod review;
mod review_reply;
mod seed;
mod shop;
mod status;
mod token;
mod trust;
mod unblock;
mod unmute;
mod unvouch;
mod up;
mod vouch;

use clap::Subcommand;

use crate::context::Context;
use crate::error::Failure;

/// Everything `haat` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    Up(up::Up),
    Down(down::Down),
    Demo(demo::Demo),
    Seed(seed::Seed),
    Status(status::Status),
    Id(id::Id),
    #[command(subcommand, arg_required_else_help = false)]
    Peer(peer::Peer),
    #[command(subcommand, arg_required_else_help = false)]
    Log(log::Log),
    #[command(subcommand, arg_required_else_help = false)]
    Circle(circle::Circle),
    People(people::People),
    Petname(petname::Petname),
    Block(block::Block),
    Unblock(unblock::Unblock),
    Mute(mute::Mute),
    Unmute(unmute::Unmute),
    Vouch(vouch::Vouch),
    Unvouch(unvouch::Unvouch),
    Trust(trust::Trust),
    #[command(subcommand, arg_required_else_help = false)]
    Shop(shop::Shop),
    #[command(subcommand, arg_required_else_help = false)]
    Listing(listing::Listing),
    Post(post::Post),
    Recommend(recommend::Recommend),
    Retract(retract::Retract),
    Feed(feed::Feed),
    Notices(notices::Notices),
    #[command(subcommand, arg_required_else_help = false)]
    Order(order::Order),
    Doctor(doctor::Doctor),
    #[command(subcommand, arg_required_else_help = false)]
    Token(token::Token),
    #[command(subcommand, arg_required_else_help = false)]
    Config(config::Settings),
    Completions(completions::Completions),
    Man(man::Manual),
    Explain(explain::Explain),
    Review(review::Review),
    ReviewReply(review_reply::ReviewReply),
}

impl Noun {
    /// Does it.
    ///
    /// # Errors
    /// Whatever kept the command from its end.
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Self::Up(c) => c.run(cx),
            Self::Down(c) => c.run(cx),
            Self::Demo(c) => c.run(cx),
            Self::Seed(c) => c.run(cx),
            Self::Status(c) => c.run(cx),
            Self::Id(c) => c.run(cx),
            Self::Peer(c) => c.run(cx),
            Self::Log(c) => c.run(cx),
            Self::Circle(c) => c.run(cx),
            Self::People(c) => c.run(cx),
            Self::Petname(c) => c.run(cx),
            Self::Block(c) => c.run(cx),
            Self::Unblock(c) => c.run(cx),
            Self::Mute(c) => c.run(cx),
            Self::Unmute(c) => c.run(cx),
            Self::Vouch(c) => c.run(cx),
            Self::Unvouch(c) => c.run(cx),
            Self::Trust(c) => c.run(cx),
            Self::Shop(c) => c.run(cx),
            Self::Listing(c) => c.run(cx),
            Self::Post(c) => c.run(cx),
            Self::Recommend(c) => c.run(cx),
            Self::Retract(c) => c.run(cx),
            Self::Feed(c) => c.run(cx),
            Self::Notices(c) => c.run(cx),
            Self::Order(c) => c.run(cx),
            Self::Doctor(c) => c.run(cx),
            Self::Token(c) => c.run(cx),
            Self::Config(c) => c.run(cx),
            Self::Completions(c) => c.run(cx),
            Self::Man(c) => c.run(cx),
            Self::Explain(c) => c.run(cx),
            Self::Review(c) => c.run(cx),
            Self::ReviewReply(c) => c.run(cx),
        }
    }
}
