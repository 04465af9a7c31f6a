//! A small internet inside one test: a public network and homes behind routers with address translation, made of network
//! namespaces in a user namespace of the test's own, so that no privilege is needed.
//!
//! It lives as long as its value: each namespace is held by a process that ends when its standard input does. Nothing here may
//! touch the machine's own network.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::until;

/// What a router does: its own address for all of its home, and nothing comes in that was not asked for.
const ROUTER: &str = r#"
table ip home {
  chain leaving { type nat hook postrouting priority 100; oifname "wan" masquerade; }
  chain through { type filter hook forward priority 0; policy drop; iifname "lan" accept; ct state established,related accept; }
  chain arriving { type filter hook input priority 0; policy drop; iifname "lo" accept; iifname "lan" accept; ct state established,related accept; }
}
"#;

/// A process that holds a namespace open.
#[derive(Debug)]
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The internet.
#[derive(Debug)]
pub struct Internet {
    public: Holder,
    others: Vec<Holder>,
}

/// Address of whoever stands in the public network.
pub const PUBLIC: &str = "203.0.113.1";

impl Internet {
    /// Makes a public network.
    ///
    /// # Errors
    /// Why this machine cannot: the test is then skipped, which counts as not shown.
    pub fn new() -> Result<Self, String> {
        for tool in ["unshare", "nsenter", "ip", "nft"] {
            let found = std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(tool).exists()));
            if !found && !Path::new("/usr/sbin").join(tool).exists() {
                return Err(format!("{tool} is not here"));
            }
        }
        let holder = hold(Command::new("unshare").args(["--user", "--map-root-user", "--net", "cat"]))?;
        let net = Self { public: holder, others: Vec::new() };
        until("the user namespace stands", || {
            net.run(&net.public, &["ip", "link", "set", "lo", "up"], None).ok().or_else(|| net.is_lost())
        });
        net.public(&format!("ip link add street type bridge; ip addr add {PUBLIC}/24 dev street; ip link set street up"))?;
        Ok(net)
    }

    /// Ends a wait that has become hopeless.
    fn is_lost(&self) -> Option<()> {
        (!Path::new(&format!("/proc/{}", self.public.0.id())).exists()).then_some(())
    }

    /// The words that run a command in the public network.
    #[must_use]
    pub fn street(&self) -> Vec<String> {
        enter(&self.public)
    }

    /// Builds a home behind a router of its own: the words that run a command in it. `number` tells homes apart.
    ///
    /// # Errors
    /// Why this machine cannot.
    pub fn home(&mut self, number: u8) -> Result<Vec<String>, String> {
        let router = self.namespace()?;
        let home = self.namespace()?;
        let (router_id, home_id) = (router.0.id(), home.0.id());
        self.public(&format!(
            "ip link add home{number} type veth peer name wan netns {router_id}; ip link set home{number} master street up"
        ))?;
        self.sh(&router, &format!(
            "ip link set lo up; ip addr add 203.0.113.{}/24 dev wan; ip link set wan up; ip link add lan type veth peer name eth0 netns {home_id}; \
             ip addr add 192.168.{number}.1/24 dev lan; ip link set lan up; echo 1 > /proc/sys/net/ipv4/ip_forward",
            100 + number
        ))?;
        self.run(&router, &["nft", "-f", "-"], Some(ROUTER))?;
        self.sh(&home, &format!(
            "ip link set lo up; ip addr add 192.168.{number}.2/24 dev eth0; ip link set eth0 up; ip route add default via 192.168.{number}.1"
        ))?;
        let words = enter(&home);
        self.others.extend([router, home]);
        Ok(words)
    }

    /// A network namespace more.
    fn namespace(&self) -> Result<Holder, String> {
        let words = self.street();
        let before = self.link_of(self.public.0.id());
        let holder = hold(Command::new(&words[0]).args(&words[1..]).args(["unshare", "--net", "cat"]))?;
        let id = holder.0.id();
        until("a network namespace stands", || {
            let own = self.link_of(id)?;
            (Some(own) != before && std::fs::read_to_string(format!("/proc/{id}/comm")).ok()?.trim() == "cat").then_some(())
        });
        Ok(holder)
    }

    fn link_of(&self, id: u32) -> Option<String> {
        Some(std::fs::read_link(format!("/proc/{id}/ns/net")).ok()?.to_string_lossy().into_owned())
    }

    fn public(&self, script: &str) -> Result<(), String> {
        self.sh(&self.public, script)
    }

    fn sh(&self, holder: &Holder, script: &str) -> Result<(), String> {
        self.run(holder, &["sh", "-ec", script], None)
    }

    fn run(&self, holder: &Holder, words: &[&str], input: Option<&str>) -> Result<(), String> {
        let place = enter(holder);
        let mut command = Command::new(&place[0]);
        command.args(&place[1..]).args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| format!("{words:?}: {fault}"))?;
        if let Some(mut pipe) = child.stdin.take() {
            // Whoever fails early does not read to the end.
            let _ = pipe.write_all(input.unwrap_or_default().as_bytes());
        }
        let output = child.wait_with_output().map_err(|fault| format!("{words:?}: {fault}"))?;
        if output.status.success() { Ok(()) } else { Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr).trim())) }
    }
}

fn hold(command: &mut Command) -> Result<Holder, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(Holder).map_err(|fault| format!("{command:?}: {fault}"))
}

fn enter(holder: &Holder) -> Vec<String> {
    let id = holder.0.id().to_string();
    ["nsenter", "--target", &id, "--user", "--preserve-credentials", "--net"].map(str::to_owned).to_vec()
}
