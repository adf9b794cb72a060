//! Response bodies of the service.

use std::fmt::Write as _;

use crate::flow_ids;

/// Returns a response with one link per contract: 14 KB for 50.
pub fn links(flows: usize) -> String {
    let mut text = r#"{"Response":{"FlowResourceUrlInfos":["#.to_owned();
    for (index, id) in flow_ids(flows).iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"FlowId":"{id}","ResourceUrlInfos":[{{"Url":"https://file.ess.tencent.cn/file/FLOW/{id}/0/0.PDF?hkey=e2b8f1a94c6d4f1f9f3c7a5d0e6b2c1879a4d3f05b6c7e8d9fa0b1c2d3e4f5061728394a5b6c7d8e9f00112233445566","Name":"contract.pdf","Type":"PDF"}}]}}"#
        )
        .unwrap();
    }
    text.push_str(r#"],"ErrorMessages":[],"RequestId":"7d0e8b0e-4c8d-4f43-8f0f-6d5a1d3b9c10"}}"#);
    text
}

/// Returns a response with contracts that have no links.
pub fn nulls(flows: usize) -> String {
    let flows: Vec<String> = flow_ids(flows)
        .iter()
        .map(|id| format!(r#"{{"FlowId":"{id}","ResourceUrlInfos":null}}"#))
        .collect();
    format!(
        r#"{{"Response":{{"FlowResourceUrlInfos":[{}],"ErrorMessages":null,"RequestId":"7d0e8b0e-4c8d-4f43-8f0f-6d5a1d3b9c10"}}}}"#,
        flows.join(",")
    )
}

/// A response with an error.
pub const ERROR: &str = r#"{"Response":{"Error":{"Code":"OperationDenied.NoIdentityVerify","Message":"The enterprise has not been verified."},"RequestId":"7d0e8b0e-4c8d-4f43-8f0f-6d5a1d3b9c10"}}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FLOWS, ours, plain};

    #[test]
    fn the_response_has_the_length_of_a_real_one() {
        assert!((14_000..15_000).contains(&links(FLOWS).len()), "{}", links(FLOWS).len());
    }

    #[test]
    fn both_codecs_decode_the_same_values() {
        for text in [links(FLOWS), nulls(FLOWS)] {
            let ours = ours::decode(text.as_bytes()).unwrap().result.unwrap().body;
            let plain = plain::decode(text.as_bytes()).unwrap().response;
            let ours = ours.flow_resource_url_infos.iter().map(|flow| {
                let links = flow.resource_url_infos.iter();
                let links = links.map(|link| (&*link.url, &*link.name, &*link.r#type));
                (&*flow.flow_id, links.collect::<Vec<_>>())
            });
            let flows = plain.flow_resource_url_infos.iter().flatten();
            let plain = flows.map(|flow| {
                let links = flow.resource_url_infos.iter().flatten();
                let links = links.map(|link| (&*link.url, &*link.name, &*link.r#type));
                (&*flow.flow_id, links.collect::<Vec<_>>())
            });
            assert_eq!(ours.len(), FLOWS);
            assert!(ours.eq(plain), "{text}");
        }
        let error = ours::decode(ERROR.as_bytes()).unwrap().result.unwrap_err();
        let plain = plain::decode(ERROR.as_bytes()).unwrap().response.error.unwrap();
        assert_eq!((error.code, error.message), (plain.code, plain.message));
    }
}
