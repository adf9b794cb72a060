//! Text of the generated PDF of a contract: title, terms, signatures.

use std::time::Duration;

use super::document::{Document, Line};
use crate::state::flow::Flow;

const TERMS: [&str; 6] = [
    "第一条 标的与数量。本合同项下的产品或服务的名称、数量、质量标准与单价，以双方确认的订单为准。",
    "第二条 价款与支付。合同总金额以人民币计，付款方应当在收到验收报告之日起三十日内支付。",
    "第三条 交付。交货地点为甲方指定地点，运输由乙方负责，货物完整性由双方共同确认。",
    "第四条 保密。双方对本合同的内容负有保密义务，未经另一方同意，不得提供给第三方。",
    "第五条 违约责任。一方违约的，应当承担另一方的损失；不可抗力除外。",
    "第六条 争议。本合同以电子签名订立，与书面合同具有同等法律效力，争议由双方友好协商解决。",
];

/// Returns the PDF of a contract, showing the first `signatures` signatures.
///
/// Equal contracts have equal bytes. The file is padded to at least `min_bytes` bytes by a stream that is not
/// displayed.
pub(crate) fn contract(flow: &Flow, signatures: usize, min_bytes: usize) -> Vec<u8> {
    // A test checks that the font, which is part of the crate, can be parsed.
    let Some(document) = Document::new() else { return Vec::new() };
    let pages = [title_page(flow), terms_page(), signature_page(flow, signatures)];
    document.write(&flow.terms.name, &pages, min_bytes)
}

fn line(size: f32, text: impl Into<String>) -> Line {
    Line { size, text: text.into() }
}

fn title_page(flow: &Flow) -> Vec<Line> {
    let terms = &*flow.terms;
    let mut lines = vec![line(26.0, &terms.name), line(12.0, "")];
    lines.push(line(12.0, format!("合同编号：{}", flow.id)));
    lines.push(line(12.0, format!("发起企业：{}", terms.organization)));
    lines.push(line(12.0, format!("创建日期：{}", date(flow.created))));
    lines.push(line(12.0, format!("截止日期：{}", date(flow.deadline))));
    lines.push(line(12.0, ""));
    for (index, party) in terms.parties.iter().enumerate() {
        let organization = party.organization.as_deref().unwrap_or("个人");
        lines.push(line(12.0, format!("签署方 {}：{}（{organization}）", index + 1, party.name)));
    }
    for (name, value) in &terms.fields {
        lines.push(line(12.0, format!("{name}：{value}")));
    }
    lines.push(line(12.0, ""));
    lines.push(line(9.0, "本文件由模拟器生成，仅用于测试和演示，无法律效力。"));
    lines
}

fn terms_page() -> Vec<Line> {
    let mut lines = vec![line(18.0, "合同条款"), line(12.0, "")];
    for term in TERMS {
        lines.push(line(12.0, term));
        lines.push(line(6.0, ""));
    }
    lines
}

fn signature_page(flow: &Flow, signatures: usize) -> Vec<Line> {
    let mut lines = vec![line(18.0, "签署页"), line(12.0, "")];
    let mut signed: Vec<_> = flow
        .parties()
        .filter_map(|(_, party, progress)| Some((progress.signed_at?, party)))
        .collect();
    signed.sort_by_key(|(at, _)| *at);
    for (at, party) in signed.into_iter().take(signatures) {
        lines.push(line(12.0, format!("{} 已签署，日期 {}", party.name, date(at))));
    }
    let parties = flow.progress.len();
    if signatures < parties {
        lines.push(line(12.0, format!("未完成：{} 方待签署", parties - signatures)));
    } else {
        lines.push(line(12.0, "全部签署完成"));
    }
    lines
}

fn date(at: Duration) -> String {
    tc3_signer::Date::of(at.as_secs()).map(|date| date.to_string()).unwrap_or_default()
}
