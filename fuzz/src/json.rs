//! JSON that is almost right: a document, edited here and there.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value};

/// Texts that trouble those who make names, paths, comments or numbers of them.
const TEXTS: [&str; 38] = [
    "", " ", ".", "..", "/", "\\", "a/b", "~", "*", "*/", "//", "\"", "'", "`", "{", "}", "{}",
    "\n", "\0", "#", "r#type", "type", "self", "Self", "crate", "super", "Option", "Vec", "String",
    "Result", "Default", "3D", "_", "0", "合同", "\u{202e}", "object", "list",
];

/// Texts that are numbers, or are taken for some.
const NUMBERS: [&str; 10] =
    ["0", "-0", "1.0", "1e2", "1e400", "NaN", "inf", " 1 ", "18446744073709551616", "-1"];

/// A text: one that troubles, or any.
pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 4)? { u.arbitrary() } else { Ok((*u.choose(&TEXTS)?).to_owned()) }
}

/// The document after a few edits: parts replaced, copied, removed, renamed, added.
pub fn edited(mut document: Value, u: &mut Unstructured<'_>) -> Result<Value> {
    for _ in 0..u.int_in_range(0..=8)? {
        // What is copied stands mostly where it could stand: references go on leading somewhere.
        let copy = part(&mut document, u)?.clone();
        let place = part(&mut document, u)?;
        match u.int_in_range(0..=5)? {
            0 => *place = scalar(u)?,
            1 => *place = copy,
            2 => remove(place, u)?,
            3 => add(place, copy, u)?,
            4 => rename(place, u)?,
            _ => *place = Value::Array(vec![place.take()]),
        }
    }
    Ok(document)
}

/// Any part of the document, itself among them.
fn part<'a>(mut value: &'a mut Value, u: &mut Unstructured<'_>) -> Result<&'a mut Value> {
    loop {
        let length = length(value);
        if length == 0 || u.ratio(1, 8)? {
            return Ok(value);
        }
        let index = u.choose_index(length)?;
        value = match value {
            Value::Array(elements) => &mut elements[index],
            Value::Object(members) => match members.values_mut().nth(index) {
                Some(member) => member,
                None => unreachable!("the index lies within"),
            },
            _ => unreachable!("what has parts is a list or an object"),
        };
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

fn scalar(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => (*u.choose(&[0, 1, -1, i64::MIN, i64::MAX])?).into(),
        3 => u.arbitrary::<u64>()?.into(),
        4 => u.arbitrary::<f64>()?.into(),
        5 => (*u.choose(&NUMBERS)?).into(),
        6 => Value::Object(Map::new()),
        _ => text(u)?.into(),
    })
}

fn remove(value: &mut Value, u: &mut Unstructured<'_>) -> Result<()> {
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            elements.remove(u.choose_index(elements.len())?);
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(u.choose_index(members.len())?).cloned();
            members.remove(&name.unwrap_or_default());
        }
        _ => *value = Value::Null,
    }
    Ok(())
}

fn add(value: &mut Value, copy: Value, u: &mut Unstructured<'_>) -> Result<()> {
    match value {
        Value::Array(elements) => elements.push(copy),
        Value::Object(members) => drop(members.insert(text(u)?, copy)),
        Value::String(other) => other.push_str(&text(u)?),
        _ => *value = copy,
    }
    Ok(())
}

fn rename(value: &mut Value, u: &mut Unstructured<'_>) -> Result<()> {
    let Value::Object(members) = value else { return Ok(()) };
    if !members.is_empty() {
        let name = members.keys().nth(u.choose_index(members.len())?).cloned().unwrap_or_default();
        if let Some(member) = members.remove(&name) {
            members.insert(text(u)?, member);
        }
    }
    Ok(())
}
