//! Mutations of a valid JSON document.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value};

/// Strings that are difficult as names, paths, comments or numbers.
const TEXTS: [&str; 38] = [
    "", " ", ".", "..", "/", "\\", "a/b", "~", "*", "*/", "//", "\"", "'", "`", "{", "}", "{}",
    "\n", "\0", "#", "r#type", "type", "self", "Self", "crate", "super", "Option", "Vec", "String",
    "Result", "Default", "3D", "_", "0", "合同", "\u{202e}", "object", "list",
];

/// Strings that are numbers, or resemble them.
const NUMBERS: [&str; 10] =
    ["0", "-0", "1.0", "1e2", "1e400", "NaN", "inf", " 1 ", "18446744073709551616", "-1"];

/// Returns an entry of [`TEXTS`], or an arbitrary string.
pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 4)? { u.arbitrary() } else { Ok((*u.choose(&TEXTS)?).to_owned()) }
}

/// Applies up to eight mutations to a document: replaces, copies, removes, renames, adds or nests parts.
pub fn mutate(mut document: Value, u: &mut Unstructured<'_>) -> Result<Value> {
    for _ in 0..u.int_in_range(0..=8)? {
        // Copies of existing parts keep many references between parts valid.
        let copy = part(&mut document, u)?.clone();
        let target = part(&mut document, u)?;
        match u.int_in_range(0..=5)? {
            0 => *target = scalar(u)?,
            1 => *target = copy,
            2 => remove(target, u)?,
            3 => add(target, copy, u)?,
            4 => rename(target, u)?,
            _ => *target = Value::Array(vec![target.take()]),
        }
    }
    Ok(document)
}

/// Chooses a part of the document, or the document itself.
fn part<'a>(mut value: &'a mut Value, u: &mut Unstructured<'_>) -> Result<&'a mut Value> {
    loop {
        let length = length(value);
        if length == 0 || u.ratio(1, 8)? {
            return Ok(value);
        }
        let index = u.choose_index(length)?;
        value = match value {
            Value::Array(elements) => &mut elements[index],
            Value::Object(fields) => match fields.values_mut().nth(index) {
                Some(field) => field,
                None => unreachable!("the index is in bounds"),
            },
            _ => unreachable!("only arrays and objects have parts"),
        };
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.len(),
        Value::Object(fields) => fields.len(),
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
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(u.choose_index(fields.len())?).cloned();
            fields.remove(&name.unwrap_or_default());
        }
        _ => *value = Value::Null,
    }
    Ok(())
}

fn add(value: &mut Value, copy: Value, u: &mut Unstructured<'_>) -> Result<()> {
    match value {
        Value::Array(elements) => elements.push(copy),
        Value::Object(fields) => drop(fields.insert(text(u)?, copy)),
        Value::String(string) => string.push_str(&text(u)?),
        _ => *value = copy,
    }
    Ok(())
}

fn rename(value: &mut Value, u: &mut Unstructured<'_>) -> Result<()> {
    let Value::Object(fields) = value else { return Ok(()) };
    if !fields.is_empty() {
        let name = fields.keys().nth(u.choose_index(fields.len())?).cloned().unwrap_or_default();
        if let Some(field) = fields.remove(&name) {
            fields.insert(text(u)?, field);
        }
    }
    Ok(())
}
