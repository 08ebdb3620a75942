//! Addresses as QR pictures.
//! Pages that are printed or shown in a hall draw them.
//! A picture holds nothing but its address.

use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

use crate::problem::Answer;
use crate::reads::in_turn;

/// The pictures of many addresses: hundreds of them take a while to draw.
///
/// # Errors
/// The drawing failed.
pub async fn pictures(addresses: Vec<String>) -> Answer<Vec<String>> {
    in_turn(move || addresses.iter().map(|address| picture(address)).collect()).await
}

/// An address as a QR picture, drawn with the colours of the page around it.
pub fn picture(address: &str) -> String {
    let code = QrCode::with_error_correction_level(address, EcLevel::M);
    // Too long to be drawn: then the page goes without.
    code.map_or(String::new(), |code| {
        let drawn = code.render().dark_color(Color("#000")).light_color(Color("#fff")).build();
        drawn.split_once("?>").map_or(drawn.clone(), |(_, svg)| svg.to_owned())
    })
}
