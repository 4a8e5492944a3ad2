//! The attributes of `mlops_aws_stack` beside its components and those that the stacks of all clouds have.

use std::collections::BTreeMap;

use tfplugin::{Object, Value};

use crate::engine::marks::Governs;

/// A whole machine-learning environment on Amazon Web Services in one resource: buckets, services and their clusters,
/// databases, tables, queues, topics, repositories, roles, secrets, networks, log groups, alarms and what belongs to them. The
/// stack plans component by component, adopts nothing that it did not make, imports an environment as it stands, and never
/// destroys by accident.
#[derive(Object)]
pub struct Settings {
    /// The region of all components. Default: the provider's. It cannot be changed.
    #[tf(optional, computed)]
    pub region: Value<String>,
    /// The VPC of every component that lives in one and names none.
    #[tf(optional, ext(Governs))]
    pub vpc_id: Value<String>,
    /// Tags for every object of the stack. A component's own tags win over them, they over the provider's `default_tags`.
    #[tf(optional)]
    pub tags: Value<BTreeMap<String, String>>,
    /// `ACCOUNT/REGION/NAME`, by which the stack can be imported.
    #[tf(computed)]
    pub id: Value<String>,
    /// The number of the account. The stack belongs to it: with credentials of another one nothing is read or changed.
    #[tf(computed)]
    pub account_id: Value<String>,
    /// Every object that the stack manages, as its ARN; sorted.
    #[tf(computed)]
    pub inventory: Value<Vec<String>>,
}
