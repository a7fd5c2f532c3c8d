//! A value to bytes that Python's `pickle.loads` reads, in protocol 4. It refuses to write any class but those of `wrong::Class`.

use fail2ban::Value;

use crate::wrong::Wrong;

/// Pickles a value.
pub fn write(value: &Value) -> Vec<u8> {
    let mut out = vec![0x80, 4];
    put(value, &mut out);
    out.push(b'.');
    out
}

/// Pickles what fail2ban's server answers: `(0, value)`, or `(1, exception)`.
pub fn write_answer(answer: &Result<Value, Wrong>) -> Vec<u8> {
    let mut out = vec![0x80, 4];
    match answer {
        Ok(value) => {
            put(&Value::Int(0), &mut out);
            put(value, &mut out);
        }
        Err(wrong) => {
            put(&Value::Int(1), &mut out);
            let (module, name) = wrong.class.path();
            out.extend_from_slice(format!("c{module}\n{name}\n").as_bytes());
            put(&Value::Tuple(wrong.arguments.clone()), &mut out);
            out.push(b'R');
        }
    }
    out.extend_from_slice(&[0x86, b'.']);
    out
}

enum Step<'v> {
    Value(&'v Value),
    Code(u8),
}

/// Keeps what is still to be written on a list of its own: depth costs no stack.
fn put(value: &Value, out: &mut Vec<u8>) {
    let mut steps = vec![Step::Value(value)];
    while let Some(step) = steps.pop() {
        let value = match step {
            Step::Code(code) => {
                out.push(code);
                continue;
            }
            Step::Value(value) => value,
        };
        match value {
            Value::None => out.push(b'N'),
            Value::Bool(true) => out.push(0x88),
            Value::Bool(false) => out.push(0x89),
            Value::Int(number) => put_number(*number, out),
            Value::Float(number) => {
                out.push(b'G');
                out.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(text) => put_bytes(b'X', 0x8d, text.as_bytes(), out),
            Value::Bytes(bytes) => put_bytes(b'B', 0x8e, bytes, out),
            Value::List(items) => open(b"](", b'e', items.iter(), &mut steps, out),
            Value::Set(items) => open(&[0x8f, b'('], 0x90, items.iter(), &mut steps, out),
            Value::Tuple(items) => open(b"(", b't', items.iter(), &mut steps, out),
            Value::Dict(pairs) => {
                let flat: Vec<&Value> = pairs.iter().flat_map(|(key, value)| [key, value]).collect();
                open(b"}(", b'u', flat.into_iter(), &mut steps, out);
            }
        }
    }
}

fn open<'v>(
    head: &[u8],
    last: u8,
    items: impl DoubleEndedIterator<Item = &'v Value>,
    steps: &mut Vec<Step<'v>>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(head);
    steps.push(Step::Code(last));
    steps.extend(items.rev().map(Step::Value));
}

fn put_number(number: i64, out: &mut Vec<u8>) {
    match i32::try_from(number) {
        Ok(small) => {
            out.push(b'J');
            out.extend_from_slice(&small.to_le_bytes());
        }
        Err(_) => {
            out.extend_from_slice(&[0x8a, 8]);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

fn put_bytes(short: u8, long: u8, bytes: &[u8], out: &mut Vec<u8>) {
    match u32::try_from(bytes.len()) {
        Ok(length) => {
            out.push(short);
            out.extend_from_slice(&length.to_le_bytes());
        }
        Err(_) => {
            out.push(long);
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        }
    }
    out.extend_from_slice(bytes);
}
