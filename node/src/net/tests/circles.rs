//! As many circles as a node may have, all of them shared by two nodes.

use super::*;

fn topic(number: usize) -> String {
    format!("{number:022}")
}

impl Node {
    async fn subscribe_to_all(&self) {
        self.subscribe_to(limits::CIRCLES_MAX).await;
    }

    async fn subscribe_to(&self, count: usize) {
        for number in 0..count {
            self.tell(NetCommand::Subscribe { topic: topic(number) }).await;
        }
    }

    /// Waits until `other` is known to take part in every topic.
    async fn all_met(&mut self, other: DeviceId) {
        self.met_in(limits::CIRCLES_MAX, other).await;
    }

    async fn met_in(&mut self, count: usize, other: DeviceId) {
        let mut met = BTreeSet::new();
        while met.len() < count {
            met.insert(
                self.until(|event| match event {
                    NetEvent::TopicPeer { topic, device } if *device == other => Some(topic.clone()),
                    _ => None,
                })
                .await,
            );
        }
    }

    async fn heard_in(&mut self, expected: &str) -> Vec<u8> {
        let (id, device, data) = self
            .until(|event| match event {
                NetEvent::Gossip { id, device, topic, data } if topic == expected => Some((*id, *device, data.clone())),
                _ => None,
            })
            .await;
        self.tell(NetCommand::Verdict { id, device, verdict: GossipVerdict::Accept }).await;
        data
    }
}

async fn first_middle_and_last(a: &Node, b: &mut Node) {
    for number in [0, limits::CIRCLES_MAX / 2, limits::CIRCLES_MAX - 1] {
        let data = format!("{:?} in {number}", a.device).into_bytes();
        a.tell(NetCommand::Publish { topic: topic(number), data: data.clone() }).await;
        assert_eq!(b.heard_in(&topic(number)).await, data);
    }
}

#[tokio::test]
async fn all_circles_are_announced_as_two_meet() {
    let (mut a, _) = Node::start(80).await;
    let (mut b, address) = Node::start(81).await;
    for node in [&a, &b] {
        node.members(&[a.device, b.device]).await;
        node.subscribe_to_all().await;
    }
    a.dial(Some(b.device), &address).await;
    a.all_met(b.device).await;
    b.all_met(a.device).await;
    first_middle_and_last(&a, &mut b).await;
    first_middle_and_last(&b, &mut a).await;
}

/// Two who are connected already make circles one by one: each is announced at once, and gossips.
async fn later(seeds: (u8, u8), count: usize) {
    let (mut a, mut b, _) = pair(seeds.0, seeds.1).await;
    for node in [&a, &b] {
        node.members(&[a.device, b.device]).await;
    }
    // Membership changed, so the connection is made anew.
    for node in [&a, &b] {
        node.subscribe().await;
    }
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    a.subscribe_to(count).await;
    b.subscribe_to(count).await;
    // Both at once: a node whose events nobody reads does not read the network.
    let (first, second) = (a.device, b.device);
    tokio::join!(a.met_in(count, second), b.met_in(count, first));
    for number in [0, count / 2, count - 1] {
        let data = format!("later in {number}").into_bytes();
        a.tell(NetCommand::Publish { topic: topic(number), data: data.clone() }).await;
        assert_eq!(b.heard_in(&topic(number)).await, data);
    }
}

#[tokio::test]
async fn a_few_circles_made_later_are_announced_at_once() {
    later((82, 83), 3).await;
}

#[tokio::test]
async fn all_circles_made_later_are_announced() {
    later((84, 85), limits::CIRCLES_MAX).await;
}
