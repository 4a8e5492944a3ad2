//! Amazon Web Services on the engine.
//!
//! `stack` is the cloud itself: account and region. `connection` is what the provider block says to it. `kinds` has a file
//! for every kind of component; `objects` makes the calls that all of them share through a `session`, in which reads of one
//! moment go `together`; `api` speaks HTTP. `ec2`, `ecs`, `elb`, `iam`, `rds`, `policy`: what the kinds of one service share,
//! and the documents of all who have some. `terms`, `tags`, `cidr`: how AWS writes things; `patience`: how long is waited for
//! what.

pub mod api;
pub mod cidr;
pub mod codecs;
pub mod connection;
pub mod ec2;
pub mod ecs;
pub mod elb;
pub mod iam;
pub mod kinds;
pub mod objects;
pub mod patience;
pub mod policy;
pub mod rds;
pub mod session;
pub mod settings;
pub mod stack;
pub mod tagging;
pub mod tags;
pub mod terms;
pub mod together;
