mod languages;
mod poll;
mod render;
mod staff;
