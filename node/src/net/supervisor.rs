//! Keeps a network task alive: when the swarm or a connection in it panics, a new swarm takes over where the old one stood.
//!
//! It must never let a crash reach the rest of the node as anything but lost connections and failed requests.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use haat_protocol::limits::{NET_CALM_MS, NET_RESTART_MAX_MS, NET_RESTART_MIN_MS};
use libp2p::Swarm;
use libp2p::identity::Keypair;
use tokio::sync::Notify;

use super::NetError;
use super::behaviour::{self, Behaviour};
use super::driver::{Driver, Kept};

/// What a swarm is made from, as often as it takes.
pub(super) struct Plan {
    pub(super) keys: Keypair,
    pub(super) mdns: bool,
    pub(super) gossip: bool,
}

/// Rings when a task of the swarm panicked; the swarm itself would keep such a connection as a ghost.
#[derive(Debug, Clone, Default)]
pub(super) struct Alarm(Arc<Notify>);

impl Alarm {
    /// Runs a task of the swarm and rings if it panics.
    pub(super) fn watch(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let alarm = self.clone();
        tokio::spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                alarm.0.notify_one();
            }
        });
    }

    /// Waits until it rings.
    pub(super) async fn rung(&self) {
        self.0.notified().await;
    }
}

impl Plan {
    /// Makes a swarm and the alarm of its tasks.
    pub(super) fn swarm(&self) -> Result<(Swarm<Behaviour>, Alarm), NetError> {
        let alarm = Alarm::default();
        let swarm = behaviour::swarm(self.keys.clone(), self.mdns, self.gossip, alarm.clone())?;
        Ok((swarm, alarm))
    }
}

/// Runs until told to stop or until nobody is left to talk to.
pub(super) async fn run(plan: Plan, first: (Swarm<Behaviour>, Alarm), mut kept: Kept) {
    let mut next = Ok(first);
    let mut pause_ms = NET_RESTART_MIN_MS;
    loop {
        let begun = Instant::now();
        match next {
            Ok((swarm, alarm)) => {
                let life = Driver::new(swarm, alarm, &mut kept).run();
                if let Ok(true) = AssertUnwindSafe(life).catch_unwind().await {
                    return;
                }
                tracing::error!("the network fell over and is begun anew; nothing is lost");
            }
            Err(fault) => tracing::error!(reason = %fault, "the network could not be begun anew; it is tried again"),
        }
        kept.bereave();
        if begun.elapsed() > Duration::from_millis(NET_CALM_MS) {
            pause_ms = NET_RESTART_MIN_MS;
        }
        if !kept.wait(Duration::from_millis(pause_ms)).await {
            return;
        }
        pause_ms = (pause_ms * 2).min(NET_RESTART_MAX_MS);
        next = plan.swarm();
    }
}
