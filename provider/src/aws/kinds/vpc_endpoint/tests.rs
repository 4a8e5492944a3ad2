//! What is read of an endpoint, and what is refused.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::{object, short};
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::kind::Gradual as _;
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::google::kinds::fixtures::component;

/// What EC2 says of an endpoint.
fn found() -> Json {
    json!({
        "vpcEndpointId": "vpce-1", "vpcEndpointType": "Interface", "vpcId": "vpc-1", "state": "available",
        "serviceName": "com.amazonaws.eu-west-1.sqs", "subnetIdSet": ["subnet-b", "subnet-a"], "routeTableIdSet": "",
        "groupSet": [{"groupId": "sg-1", "groupName": "endpoints"}], "privateDnsEnabled": "true",
        "requesterManaged": "false", "policyDocument": "{}", "ipAddressType": "ipv4",
    })
}

#[test]
fn an_endpoint_is_told_by_vpc_and_service_and_its_sets_have_no_order() {
    let found = object(found()).unwrap();
    let same = json!({
        "service": "sqs", "vpc_id": "vpc-1", "subnets": ["subnet-a", "subnet-b"], "security_groups": ["sg-1"],
        "private_dns_enabled": true,
    });
    assert_eq!(differences("vpc_endpoints", &same, &found), Vec::<String>::new());
    assert_eq!(found["path"], "vpc-1/sqs");
    let name = kind("vpc_endpoints").object_name(&component(kind("vpc_endpoints"), &same), &Scope::default());
    assert_eq!(name.as_deref(), Some("vpc-1/sqs"));
}

#[test]
fn the_whole_name_of_a_service_is_the_same() {
    let others = "com.amazonaws.vpce.eu-west-1.vpce-svc-1";
    assert_eq!((short("com.amazonaws.eu-west-1.ecr.api"), short("sqs"), short(others)), ("ecr.api", "sqs", others));
    let mut whole = Dynamic::Object([("service".to_owned(), Dynamic::string("com.amazonaws.eu-west-1.sqs"))].into());
    kind("vpc_endpoints").effective(&mut whole, "key", &Scope::default());
    assert_eq!(whole.get("service"), &Dynamic::string("sqs"));
}

#[test]
fn a_deleted_endpoint_that_is_still_listed_is_gone() {
    let mut endpoint = found();
    endpoint["state"] = json!("Deleted");
    assert_eq!(object(endpoint), None);
}

#[test]
fn an_endpoint_works_once_it_is_available() {
    let readiness = |state: &str| super::VpcEndpoint.readiness(&json!({"state": state}));
    assert_eq!((readiness("pending"), readiness("available")), (Readiness::Pending, Readiness::Ready));
    assert!(matches!(readiness("Failed"), Readiness::Failed(_)));
}

#[test]
fn what_a_type_does_not_have_is_refused_by_the_plan() {
    for hcl in [
        json!({"service": "s3", "endpoint_type": "Gateway", "subnets": ["subnet-a"]}),
        json!({"service": "sqs", "route_tables": ["rtb-1"]}),
    ] {
        assert_eq!(problems("vpc_endpoints", &hcl), ["The type of the endpoint has no such setting"], "{hcl}");
    }
}
