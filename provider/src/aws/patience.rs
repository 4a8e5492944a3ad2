//! How long is waited for what, in one place: the eventual consistency of AWS's APIs.
//!
//! How attempts of one call are repeated is [`RetryPolicy::TRANSIENT`](crate::http::RetryPolicy::TRANSIENT).

use std::time::Duration;

use crate::http::RetryPolicy;

/// Between two looks at something that takes time: growing, and 2 s at most.
pub const LOOK: RetryPolicy =
    RetryPolicy { max_retries: 0, initial: Duration::from_millis(200), factor: 1.5, cap: Duration::from_secs(2) };

/// How long one looks for an object that may not be there at all.
pub const GLANCE: Duration = Duration::from_secs(10);

/// How often an object that is not as the state has it is read again, before somebody else is taken to have changed it.
pub const STALE_LOOKS: u32 = 4;

/// How long what was written may not be read back yet. SQS has the longest: "up to 60 seconds".
pub const WRITTEN: Duration = Duration::from_secs(60);

/// How long a policy, role or user that was just made may be unknown to those who name it.
pub const NEW_PRINCIPAL: Duration = Duration::from_secs(30);

/// How long a target group may have no listener yet, whose balancer is made at the same time.
pub const LISTENER: Duration = Duration::from_secs(300);

/// How long a deleted listener may still use its target group.
pub const LISTENER_GONE: Duration = Duration::from_secs(60);

/// How long a deleted queue keeps its name: "you must wait 60 seconds".
pub const DELETED_QUEUE: Duration = Duration::from_secs(75);

/// How long what was deleted may still use others: network interfaces stay in their security groups for minutes.
pub const IN_USE: Duration = Duration::from_secs(300);
