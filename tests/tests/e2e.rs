//! The whole road, with real processes of the real binary: what a user does at the command line is what is tested.
//!
//! Nothing here may reach into a node by another way than its doors; what a test wants to know, it asks.

mod api;
mod catalogue;
mod crash;
mod devices;
mod edit;
mod enclosed;
mod everyday;
mod evidence;
mod export;
mod fork;
mod homes;
mod import;
mod invite;
mod journeys;
mod large;
mod members;
mod newer;
mod norms;
mod payment;
mod refusals;
mod removal;
mod running;
mod sale;
mod seed;
mod store;
mod terminal;
mod token;
mod trouble;
mod unshare;
mod wire;
mod wrong;
