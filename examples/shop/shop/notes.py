"""What people say about products, as documents: MongoDB, or what speaks like it."""

import os
from typing import Any

from pymongo import MongoClient


def connect() -> Any:
    """Return the collection of notes in the database that DOCUMENTS_URL names; it connects when it is first used."""
    client: MongoClient[dict[str, Any]] = MongoClient(
        os.environ["DOCUMENTS_URL"],
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=3000,
        socketTimeoutMS=6000,
    )
    return client.get_default_database()["notes"]


def add(product: str, text: str, stars: int) -> None:
    """Keep what somebody says about a product."""
    connect().insert_one({"product": product, "text": text, "stars": stars})


def about(product: str) -> list[dict[str, Any]]:
    """Return what was said about a product."""
    return list(connect().find({"product": product}, {"_id": 0}).limit(100))


def check() -> None:
    """Write a document, count and remove it."""
    notes = connect()
    kept = notes.insert_one({"product": "check", "text": "", "stars": 0}).inserted_id
    if notes.count_documents({"_id": kept}) != 1:
        raise ValueError("the document is not there")
    notes.delete_one({"_id": kept})
