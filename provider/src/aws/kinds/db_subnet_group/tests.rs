//! What is read of a subnet group, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::object;
use crate::aws::kinds::tests::{differences, problems};

fn found(subnets: Json) -> Json {
    let group =
        json!({"DBSubnetGroupName": "main", "DBSubnetGroupDescription": "Private", "Subnets": {"Subnet": subnets}});
    object(group, BTreeMap::new())
}

#[test]
fn subnets_are_told_by_their_ids_in_any_order() {
    let subnet = |id: &str| json!({"SubnetIdentifier": id, "SubnetStatus": "Active"});
    let same = json!({"name": "main", "description": "Private", "subnets": ["subnet-a", "subnet-b"]});
    let found = found(json!([subnet("subnet-b"), subnet("subnet-a")]));
    assert_eq!(differences("db_subnet_groups", &same, &found), Vec::<String>::new());
}

#[test]
fn what_rds_refuses_of_a_subnet_group_is_refused_by_the_plan() {
    for (hcl, title) in [
        (json!({"name": "Main", "description": "x", "subnets": ["a", "b"]}), "Invalid name of a database subnet group"),
        (json!({"name": "main", "description": "x", "subnets": ["a"]}), "Too few subnets"),
    ] {
        assert_eq!(problems("db_subnet_groups", &hcl), [title], "{hcl}");
    }
}
