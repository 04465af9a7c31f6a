//! What people of a run do, each action by somebody who may. Nothing here hands anything to anybody but a welcome.

use haat_protocol::local::NewListing;

use super::super::super::*;
use super::super::model::{Deed, Person};
use super::super::order::Act;
use super::{Scene, draw};

impl Scene {
    /// One action, by somebody who may.
    pub(in super::super) fn act(&mut self, act: Act) -> Result<(), String> {
        let people = self.believing();
        match act {
            Act::Add => {
                let founders: Vec<Person> = people.into_iter().filter(|person| *person != self.model.newcomer()).collect();
                let Some(by) = self.pick(&founders) else { return Ok(()) };
                self.adds(by)?;
                self.says(by)
            }
            Act::Remove => {
                let pairs = |by: &Person| (0..self.nodes.len()).map(|whom| (*by, whom)).collect::<Vec<_>>();
                let mut pairs: Vec<(Person, Person)> = people.iter().flat_map(pairs).collect();
                pairs.retain(|(by, whom)| self.model.may_remove(*by, *whom, self.knows[*by]));
                let Some((by, whom)) = self.pick(&pairs) else { return Ok(()) };
                let (circle, person) = (self.space.to_string(), self.nodes[whom].me.id().to_string());
                let done = self.nodes[by].work(|work| work.circle_remove(&circle, &person));
                done.map_err(|problem| format!("{by} cannot remove {whom}: {problem:?}"))?;
                self.note(by, Deed::Remove(whom), None);
                self.says(by)
            }
            Act::Leave => {
                let Some(by) = self.pick(&people) else { return Ok(()) };
                let circle = self.space.to_string();
                let done = self.nodes[by].work(|work| work.circle_leave(&circle));
                done.map_err(|problem| format!("{by} cannot leave: {problem:?}"))?;
                self.note(by, Deed::Leave, None);
                Ok(())
            }
            Act::Rotate => {
                let Some(by) = self.pick(&people) else { return Ok(()) };
                let topic = (draw(&mut self.chance, 2) == 0).then_some([7; 32]);
                let space = self.space;
                self.nodes[by].work(|work| work.rotate(space, topic)).map_err(|problem| format!("{by} cannot rotate: {problem:?}"))?;
                self.tale.push(format!("{by} makes new keys"));
                self.says(by)
            }
            Act::Post => self.pick(&people).map_or(Ok(()), |by| self.says(by)),
            Act::Share => self.shares(),
            Act::Unshare => self.takes_back(),
        }
    }

    fn adds(&mut self, by: Person) -> Result<(), String> {
        let (circle, newcomer) = (self.space.to_string(), self.model.newcomer());
        let code = self.nodes[by].work(|work| work.circle_invite(&circle, None, None));
        let code = code.map_err(|problem| format!("{by} cannot invite: {problem:?}"))?;
        let asked = request(&self.nodes[newcomer], &Code::parse(code["code"].as_str().expect("a code")).expect("a code"));
        let (device, inviter, space) = (self.nodes[newcomer].device(), self.nodes[by].device(), self.space);
        let answer = self.nodes[by].work(|work| work.join_request(device, asked));
        if !matches!(answer, DirectResponse::Welcome { .. }) {
            return Err(format!("{by} did not let the newcomer in: {answer:?}"));
        }
        self.nodes[newcomer].work(|work| work.join_answered(space, inviter, answer));
        self.note(by, Deed::Add, None);
        self.halves[newcomer] = self.halves[by];
        self.spread(&[by, newcomer]);
        Ok(())
    }

    /// A member says something; nobody ever has to wait for anybody.
    pub(in super::super) fn says(&mut self, by: Person) -> Result<(), String> {
        let (space, body) = (self.space, Body::Post(Post { text: "a word".into(), listings: vec![], reply_to: None }));
        let entry = self.nodes[by].work(|work| work.author(space, &body)).map_err(|problem| format!("{by} cannot speak: {problem:?}"))?;
        self.note(by, Deed::Post, Some(entry));
        Ok(())
    }

    /// The keeper shares the shop, if nothing speaks against it, and puts something on the shelf.
    pub(super) fn shares(&mut self) -> Result<(), String> {
        let (shop, circle, keeper) = (self.shop.to_string(), self.space.to_string(), self.model.keeper);
        let may = self.model.is_member(keeper, self.knows[keeper]);
        match self.nodes[keeper].work(|work| work.shop_share(&shop, &circle)) {
            Ok(_) if may => self.note(keeper, Deed::Share, None),
            Err(problem) if !may && problem.code == "not-a-member" => {}
            other => return Err(format!("sharing was answered {other:?}, although may share: {may}")),
        }
        self.lists()
    }

    fn takes_back(&mut self) -> Result<(), String> {
        let (shop, circle, keeper) = (self.shop.to_string(), self.space.to_string(), self.model.keeper);
        let may = self.model.is_shared(self.knows[keeper]);
        match self.nodes[keeper].work(|work| work.shop_unshare(&shop, &circle)) {
            Ok(_) if may => self.note(keeper, Deed::Unshare, None),
            Err(problem) if !may && problem.code == "not-shared" => {}
            other => return Err(format!("taking back was answered {other:?}, although it is shared: {may}")),
        }
        self.lists()
    }

    /// The keeper puts something on the shelf.
    pub(in super::super) fn lists(&mut self) -> Result<(), String> {
        let title = format!("thing {}", self.entries.len());
        let new = NewListing { shop: self.shop.to_string(), title, price: "39.00".into(), ..NewListing::default() };
        let keeper = self.model.keeper;
        let listed =
            self.nodes[keeper].work(|work| work.listing_add(&new)).map_err(|problem| format!("{keeper} cannot list: {problem:?}"))?;
        self.note(keeper, Deed::List, Some(listed["listing"].as_str().expect("an id").parse().expect("an id")));
        Ok(())
    }
}
