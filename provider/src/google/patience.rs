//! How long is waited for what, in one place: retries, races and the eventual consistency of Google's APIs.
//!
//! How attempts of one call are repeated is [`RetryPolicy::TRANSIENT`], how operations are polled
//! [`PollPolicy`](super::api::poll::PollPolicy).

use std::time::Duration;

use super::api::RetryPolicy;

/// A write that lost a race is made anew from what is there then.
pub const RACE: RetryPolicy =
    RetryPolicy { max_retries: 8, initial: Duration::from_millis(100), factor: 2.0, cap: Duration::from_secs(5) };

/// How long replicas may not all know a new object: who reads it meanwhile, or grants it something, does not find it.
pub const NEW_OBJECT: Duration = Duration::from_secs(30);

/// How often an object that is not as the state has it is read again, before somebody else is taken to have changed it.
pub const STALE_LOOKS: u32 = 4;

/// How long one looks for an object that may not be there at all.
pub const GLANCE: Duration = Duration::from_secs(10);

/// How long one waits for what uses an object to be gone, whose deletion has ended a moment ago or goes on elsewhere.
pub const USER_LEAVES: Duration = Duration::from_secs(60);

/// How long an object may be busy with the operation of somebody else, where it has one at a time: a backup, maintenance.
pub const OTHER_OPERATION: Duration = Duration::from_secs(1200);

/// How long one waits until no service of Google's uses a peering: some hold it for a while after they were deleted.
pub const SERVICES_LEAVE: Duration = Duration::from_secs(600);

/// How long an account or identity pool that was just created may be unknown to policies and to calls of its own.
pub const NEW_PRINCIPAL: Duration = Duration::from_secs(120);

/// How long an API that was just switched on may still say that it is off.
pub const NEW_API: Duration = Duration::from_secs(300);
