//! Who is here: how many connections there may be, and who has to go when one more comes.
//!
//! A connection *waits* until somebody has authenticated on it. Where there is no room, the one that has waited longest
//! goes, so that the newest gets in: those that say nothing, or little, can't keep anybody out. Those that have
//! authenticated stay.
//!
//! Whoever wants to keep others out has to connect so fast that a login gets too old before it is done: as many times in
//! the length of a login as there are places. Against one network that tries, its share of the places is the bound: it
//! only drives out its own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrowdLimits {
    /// In all.
    pub connections: usize,
    /// From one network.
    pub per_network: usize,
    /// How many leading bits of an IPv4 address make a network: at most 32.
    pub ipv4_prefix: u8,
    /// How many leading bits of an IPv6 address make a network: at most 128.
    pub ipv6_prefix: u8,
}

impl Default for CrowdLimits {
    /// 10,000 in all, 2,000 from one IPv4 address or one /64 of IPv6.
    fn default() -> Self {
        Self { connections: 10_000, per_network: 2_000, ipv4_prefix: 32, ipv6_prefix: 64 }
    }
}

/// Why a connection was turned away at once: all that are here have authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The whole server is full.
    Everywhere,
    /// Its network has its share.
    Network,
}

/// All connections.
pub(super) struct Crowd {
    limits: CrowdLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// By number, and so by age.
    waiting: BTreeMap<u64, Guest>,
    inside: usize,
    networks: HashMap<Network, Members>,
}

struct Guest {
    network: Network,
    dismiss: oneshot::Sender<()>,
}

#[derive(Default)]
struct Members {
    waiting: BTreeSet<u64>,
    inside: usize,
}

/// The leading bits of an address; an IPv4 address is never the same as an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    V6(u128),
}

/// A connection's place in the crowd, given back on drop.
pub(super) struct Ticket {
    crowd: Arc<Crowd>,
    number: u64,
    network: Network,
    /// Whether somebody has authenticated.
    inside: Mutex<bool>,
}

/// Ends where the connection has to go.
pub(super) type Dismissal = oneshot::Receiver<()>;

impl Crowd {
    pub(super) fn new(limits: CrowdLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Makes room for a connection from this address.
    ///
    /// # Errors
    ///
    /// [`Full`], where everybody who could go has authenticated.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<(Ticket, Dismissal), Full> {
        let network = self.limits.network(peer);
        let mut state = self.lock();
        if state.members(network) >= self.limits.per_network {
            let oldest = state.networks.get(&network).and_then(|it| it.waiting.first().copied());
            state.dismiss(oldest).ok_or(Full::Network)?;
        }
        if state.len() >= self.limits.connections {
            let oldest = state.oldest();
            state.dismiss(oldest).ok_or(Full::Everywhere)?;
        }
        let number = state.next;
        state.next += 1;
        let (dismiss, dismissal) = oneshot::channel();
        state.waiting.insert(number, Guest { network, dismiss });
        state.networks.entry(network).or_default().waiting.insert(number);
        drop(state);
        let inside = Mutex::new(false);
        Ok((Ticket { crowd: Arc::clone(self), number, network, inside }, dismissal))
    }

    /// Sends away the connection that has waited longest, where there is one: the machine has no room for more.
    pub(super) fn shed(&self) {
        let mut state = self.lock();
        let oldest = state.oldest();
        state.dismiss(oldest);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn len(&self) -> usize {
        self.waiting.len() + self.inside
    }

    fn members(&self, network: Network) -> usize {
        self.networks.get(&network).map_or(0, |it| it.waiting.len() + it.inside)
    }

    fn oldest(&self) -> Option<u64> {
        self.waiting.keys().next().copied()
    }

    fn dismiss(&mut self, number: Option<u64>) -> Option<()> {
        let guest = self.forget(number?)?;
        // A connection that has just ended doesn't listen any more.
        let _ = guest.dismiss.send(());
        Some(())
    }

    /// Takes a connection out of those that wait.
    fn forget(&mut self, number: u64) -> Option<Guest> {
        let guest = self.waiting.remove(&number)?;
        if let Some(members) = self.networks.get_mut(&guest.network) {
            members.waiting.remove(&number);
        }
        self.tidy(guest.network);
        Some(guest)
    }

    /// Forgets a network from which nobody is left.
    fn tidy(&mut self, network: Network) {
        if self.members(network) == 0 {
            self.networks.remove(&network);
        }
    }
}

impl Ticket {
    /// Somebody has authenticated: from now on the connection stays.
    pub(super) fn let_in(&self) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.crowd.lock();
        // Whoever was sent away a moment ago is not let in again; and nobody is twice.
        if let Some(guest) = state.forget(self.number) {
            state.inside += 1;
            state.networks.entry(guest.network).or_default().inside += 1;
            *inside = true;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let inside = *self.inside.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.crowd.lock();
        if inside {
            state.inside -= 1;
            if let Some(members) = state.networks.get_mut(&self.network) {
                members.inside -= 1;
            }
            state.tidy(self.network);
        } else {
            state.forget(self.number);
        }
    }
}

impl CrowdLimits {
    fn network(&self, address: IpAddr) -> Network {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let unused = 32 - u32::from(self.ipv4_prefix.min(32));
                Network::V4(u32::from(address).checked_shr(unused).unwrap_or(0))
            }
            IpAddr::V6(address) => {
                let unused = 128 - u32::from(self.ipv6_prefix.min(128));
                Network::V6(u128::from(address).checked_shr(unused).unwrap_or(0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(connections: usize, per_network: usize) -> Arc<Crowd> {
        let limits = CrowdLimits { connections, per_network, ..CrowdLimits::default() };
        Arc::new(Crowd::new(limits))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Whether it was told to go; its place is free then, whenever it goes.
    fn is_dismissed(dismissal: &mut Dismissal) -> bool {
        dismissal.try_recv().is_ok()
    }

    #[test]
    fn the_one_that_has_waited_longest_goes() {
        let crowd = crowd(2, 10);
        let (first, mut first_goes) = crowd.admit(address("192.0.2.1")).unwrap();
        let (_second, mut second_goes) = crowd.admit(address("192.0.2.2")).unwrap();
        let (_third, mut third_goes) = crowd.admit(address("192.0.2.3")).unwrap();
        assert!(is_dismissed(&mut first_goes));
        drop(first);
        assert_eq!(crowd.lock().len(), 2, "its place was given away before");
        let (_fourth, _) = crowd.admit(address("192.0.2.4")).unwrap();
        assert!(is_dismissed(&mut second_goes) && !is_dismissed(&mut third_goes));
    }

    #[test]
    fn who_has_authenticated_stays() {
        let crowd = crowd(2, 10);
        let (first, mut first_goes) = crowd.admit(address("192.0.2.1")).unwrap();
        first.let_in();
        first.let_in();
        let (second, mut second_goes) = crowd.admit(address("192.0.2.1")).unwrap();
        let (third, _third_goes) = crowd.admit(address("192.0.2.1")).unwrap();
        assert!(is_dismissed(&mut second_goes) && !is_dismissed(&mut first_goes));
        second.let_in();
        third.let_in();
        assert_eq!(crowd.admit(address("192.0.2.9")).err(), Some(Full::Everywhere));
        drop(first);
        assert!(crowd.admit(address("192.0.2.9")).is_ok());
        drop((second, third));
        let state = crowd.lock();
        assert_eq!((state.len(), state.networks.len()), (0, 0), "nobody is left, nothing is kept");
    }

    #[test]
    fn a_network_has_its_share_and_costs_no_other_network_a_place() {
        let crowd = crowd(10, 2);
        let (_other, mut other_goes) = crowd.admit(address("2001:db8:0:1::1")).unwrap();
        let (_a, mut a_goes) = crowd.admit(address("2001:db8::1")).unwrap();
        let (b, mut b_goes) = crowd.admit(address("2001:db8::2")).unwrap();
        let (c, _c_goes) = crowd.admit(address("2001:db8::ffff:3")).unwrap();
        assert!(is_dismissed(&mut a_goes), "the same /64");
        assert!(!is_dismissed(&mut b_goes) && !is_dismissed(&mut other_goes));
        b.let_in();
        c.let_in();
        assert_eq!(crowd.admit(address("2001:db8::4")).err(), Some(Full::Network));
        assert!(crowd.admit(address("2001:db8:0:2::")).is_ok());
    }

    #[test]
    fn networks_are_prefixes() {
        let limits = CrowdLimits { ipv4_prefix: 24, ipv6_prefix: 0, ..CrowdLimits::default() };
        let network = |text| limits.network(address(text));
        assert_eq!(network("192.0.2.1"), network("192.0.2.255"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8::"), network("fe80::1"));
        assert_ne!(network("::"), network("0.0.0.0"));
    }

    #[test]
    fn shedding_an_empty_crowd_is_fine() {
        let crowd = crowd(2, 2);
        crowd.shed();
        let (_ticket, mut goes) = crowd.admit(address("127.0.0.1")).unwrap();
        crowd.shed();
        assert!(is_dismissed(&mut goes));
    }
}
