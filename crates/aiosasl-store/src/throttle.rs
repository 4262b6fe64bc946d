//! Failures have their price: who guesses has to wait, and then is not listened to any more.
//!
//! | counted are the failures of | so that | and the price is |
//! | --- | --- | --- |
//! | a pair: this account, from this network | nobody guesses on | a delay that doubles; past a limit, every try fails |
//! | an account, from anywhere | many machines do not guess together | past a limit, every try fails |
//! | a network, for any account | nobody tries one password everywhere | a delay that doubles; past a limit, every try fails |
//!
//! A delay is what a *failure* takes before the client hears of it: whoever knows the password never waits for the
//! failures of others. An account that has been let in from a network before is known there: neither the limit of the
//! account nor that of the network holds it up, so that a stranger's guesses lock no user out, and a bad neighbour's
//! none. Names are counted whether there is such an account or not.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use aiosasl::{hash::Hash, identity::AuthenticationId, query::Doom, secret::Secret};

use crate::{
    counters::{Count, Counters},
    error::StoreError,
    timestamp::Timestamp,
};

/// How patient a service is.
#[derive(Debug, Clone, PartialEq)]
pub struct ThrottlePolicy {
    /// How long until half of the failures are forgotten.
    pub half_life: Duration,
    /// Failures of a pair that cost nothing: people mistype.
    pub free_for_pair: u32,
    /// Failures from a network that cost nothing: many people may live there.
    pub free_for_network: u32,
    /// What the first failure after those costs; each further one doubles it.
    pub first_delay: Duration,
    /// What none costs more than.
    pub longest_delay: Duration,
    /// Failures of a pair after which every try of it fails.
    pub limit_for_pair: u32,
    /// Failures of an account after which every try fails from where it is not known.
    pub limit_for_account: u32,
    /// Failures from a network after which every try from there fails, but for accounts that are known there.
    pub limit_for_network: u32,
    /// How long an account stays known in a network it was let in from.
    pub known_for: Duration,
    /// How many leading bits of an IPv4 address are its network.
    pub ipv4_prefix: u8,
    /// How many leading bits of an IPv6 address are its network.
    pub ipv6_prefix: u8,
}

impl Default for ThrottlePolicy {
    /// Half is forgotten in 10 minutes; 5 failures of a pair and 50 of a network are free, then 250 milliseconds up to
    /// 15 seconds; limits of 25 for a pair, 200 for an account, 1000 for a network; known for 30 days; networks of /32 and
    /// /64.
    fn default() -> Self {
        Self {
            half_life: Duration::from_secs(600),
            free_for_pair: 5,
            free_for_network: 50,
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(15),
            limit_for_pair: 25,
            limit_for_account: 200,
            limit_for_network: 1000,
            known_for: Duration::from_secs(30 * 24 * 3600),
            ipv4_prefix: 32,
            ipv6_prefix: 64,
        }
    }
}

/// Counts failures by a policy.
pub(crate) struct Throttle {
    policy: ThrottlePolicy,
    counters: Arc<dyn Counters>,
    /// What keys are made with.
    secret: Secret,
}

impl Throttle {
    pub(crate) fn new(policy: ThrottlePolicy, counters: Arc<dyn Counters>, secret: Secret) -> Self {
        Self { policy, counters, secret }
    }

    /// Whether this try must fail, whatever is proven.
    pub(crate) async fn judge(
        &self,
        name: &AuthenticationId,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Option<Doom>, StoreError> {
        let mut tries = vec![self.pair(name, peer), self.account(name), self.known(name, peer)];
        tries.extend(peer.map(|peer| self.network(peer)));
        let counts = self.counters.read(&tries, now).await?;
        let [pair, account, known, network @ ..] = counts.as_slice() else { return Ok(None) };
        // Half of a count is left when the account has been known for long enough.
        let is_known = peer.is_some() && *known >= 0.5;
        // What fades within seconds is still the whole count.
        let reached = |count: &f64, limit: u32| count.round() >= f64::from(limit);
        let is_guessed_at = reached(account, self.policy.limit_for_account)
            || network.iter().any(|it| reached(it, self.policy.limit_for_network));
        let doomed = reached(pair, self.policy.limit_for_pair) || !is_known && is_guessed_at;
        Ok(doomed.then_some(Doom::TooManyFailures))
    }

    /// Counts a failure, and says how long the client has to wait for hearing of it.
    pub(crate) async fn failed(
        &self,
        name: &AuthenticationId,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Duration, StoreError> {
        let policy = &self.policy;
        let mut counted = vec![self.pair(name, peer), self.account(name)];
        counted.extend(peer.map(|peer| self.network(peer)));
        let counts = self.counters.add(&counted, 1.0, now).await?;
        let costs = |count: Option<&f64>, free| count.map_or(0.0, |it| it - f64::from(free));
        let pair = costs(counts.first(), policy.free_for_pair);
        let network = costs(counts.get(2), policy.free_for_network);
        Ok(self.delay(pair.max(network)))
    }

    /// Counts a success: the pair starts anew, and the account is known there.
    pub(crate) async fn succeeded(
        &self,
        name: &AuthenticationId,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = [self.known(name, peer)];
        self.counters.clear(&[self.pair(name, peer), known[0]]).await?;
        if peer.is_some() {
            self.counters.add(&known, 1.0, now).await?;
        }
        Ok(())
    }

    /// What the failures beyond the free ones cost.
    fn delay(&self, failures: f64) -> Duration {
        let failures = failures.round();
        if failures < 1.0 {
            return Duration::ZERO;
        }
        let doubled = (failures - 1.0).min(32.0).exp2();
        let seconds = self.policy.first_delay.as_secs_f64() * doubled;
        let longest = self.policy.longest_delay;
        Duration::try_from_secs_f64(seconds).map_or(longest, |delay| delay.min(longest))
    }

    fn pair(&self, name: &AuthenticationId, peer: Option<IpAddr>) -> Count {
        self.count("pair", self.policy.half_life, &[name.as_str().as_bytes(), &self.octets(peer)])
    }

    fn account(&self, name: &AuthenticationId) -> Count {
        self.count("account", self.policy.half_life, &[name.as_str().as_bytes()])
    }

    fn network(&self, peer: IpAddr) -> Count {
        self.count("network", self.policy.half_life, &[&self.octets(Some(peer))])
    }

    fn known(&self, name: &AuthenticationId, peer: Option<IpAddr>) -> Count {
        self.count("known", self.policy.known_for, &[name.as_str().as_bytes(), &self.octets(peer)])
    }

    fn count(&self, kind: &str, half_life: Duration, of: &[&[u8]]) -> Count {
        let mut pieces: Vec<&[u8]> = vec![b"throttle", &[0], kind.as_bytes()];
        // Names and addresses have no NUL that could be taken for this one: an address stands last.
        pieces.extend(of.iter().flat_map(|piece| [&[0][..], piece]));
        let digest = Hash::Sha256.hmac(self.secret.expose(), &pieces);
        let mut key = [0; 16];
        key.copy_from_slice(&digest.as_ref()[..16]);
        Count { key, half_life }
    }

    /// The network that an address belongs to; addresses of IPv4 inside IPv6 are those of IPv4.
    fn octets(&self, peer: Option<IpAddr>) -> Vec<u8> {
        match peer.map(|peer| peer.to_canonical()) {
            None => Vec::new(),
            Some(IpAddr::V4(address)) => {
                let bits = u32::from(self.policy.ipv4_prefix.min(32));
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                Ipv4Addr::from(u32::from(address) & mask).octets().into()
            }
            Some(IpAddr::V6(address)) => {
                let bits = u32::from(self.policy.ipv6_prefix.min(128));
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).octets().into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_counters::MemoryCounters;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn throttle() -> Throttle {
        let counters = Arc::new(MemoryCounters::default());
        Throttle::new(ThrottlePolicy::default(), counters, Secret::new([1; 32]))
    }

    fn name(name: &str) -> AuthenticationId {
        AuthenticationId::new(name).unwrap()
    }

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    async fn fail(throttle: &Throttle, who: &str, from: &str, times: usize) -> Vec<u128> {
        let mut delays = Vec::new();
        for _ in 0..times {
            let delay = throttle.failed(&name(who), Some(at(from)), NOW).await.unwrap();
            delays.push(delay.as_millis());
        }
        delays
    }

    #[tokio::test]
    async fn guesses_cost_more_and_more_and_then_fail() {
        let throttle = throttle();
        let delays = fail(&throttle, "user", "192.0.2.1", 12).await;
        assert_eq!(delays, [0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 15_000]);
        assert_eq!(throttle.judge(&name("user"), Some(at("192.0.2.1")), NOW).await.unwrap(), None);
        fail(&throttle, "user", "192.0.2.1", 13).await;
        let judge =
            async |from, now| throttle.judge(&name("user"), Some(at(from)), now).await.unwrap();
        assert_eq!(judge("192.0.2.1", NOW).await, Some(Doom::TooManyFailures));
        assert_eq!(judge("192.0.2.2", NOW).await, None, "from elsewhere it may be the user");
        assert_eq!(judge("192.0.2.1", NOW.plus(600)).await, None, "half is forgotten");
    }

    #[tokio::test]
    async fn one_password_for_all_accounts_costs_as_well() {
        let throttle = throttle();
        let mut delays = Vec::new();
        for guess in 0..60 {
            delays.extend(fail(&throttle, &format!("user{guess}"), "192.0.2.1", 1).await);
        }
        assert!(delays[..50].iter().all(|delay| *delay == 0), "{delays:?}");
        assert_eq!(delays[50..54], [250, 500, 1000, 2000]);
        let neighbour =
            throttle.judge(&name("neighbour"), Some(at("192.0.2.1")), NOW).await.unwrap();
        assert_eq!(neighbour, None);
    }

    #[tokio::test]
    async fn a_network_that_guesses_on_is_shut_out_but_for_those_who_are_known_there() {
        let throttle = throttle();
        throttle.succeeded(&name("neighbour"), Some(at("192.0.2.1")), NOW).await.unwrap();
        for guess in 0..1000 {
            fail(&throttle, &format!("user{guess}"), "192.0.2.1", 1).await;
        }
        let judge =
            async |who, from| throttle.judge(&name(who), Some(at(from)), NOW).await.unwrap();
        assert_eq!(judge("user", "192.0.2.1").await, Some(Doom::TooManyFailures));
        assert_eq!(judge("neighbour", "192.0.2.1").await, None);
        assert_eq!(judge("user", "192.0.2.2").await, None);
    }

    #[tokio::test]
    async fn strangers_do_not_lock_a_known_user_out() {
        let throttle = throttle();
        throttle.succeeded(&name("user"), Some(at("198.51.100.1")), NOW).await.unwrap();
        for stranger in 0..250 {
            fail(&throttle, "user", &format!("203.0.113.{stranger}"), 1).await;
        }
        let judge = async |from| throttle.judge(&name("user"), Some(at(from)), NOW).await.unwrap();
        assert_eq!(judge("203.0.113.254").await, Some(Doom::TooManyFailures));
        assert_eq!(judge("198.51.100.1").await, None);
    }

    #[tokio::test]
    async fn a_success_lets_the_pair_start_anew() {
        let throttle = throttle();
        fail(&throttle, "user", "192.0.2.1", 9).await;
        throttle.succeeded(&name("user"), Some(at("192.0.2.1")), NOW).await.unwrap();
        assert_eq!(fail(&throttle, "user", "192.0.2.1", 1).await, [0]);
    }

    #[tokio::test]
    async fn networks_are_prefixes() {
        let throttle = throttle();
        let key = |address| throttle.network(at(address)).key;
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
