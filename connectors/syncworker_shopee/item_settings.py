"""What has to be known of an item before Shopee lists it, beyond what the catalogue tells? Category, brand, parcel, couriers.

Said once for all goods, and otherwise for single SKUs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Id = Annotated[int, Field(ge=0, lt=2**63)]
_Kilograms = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=3)]
_Centimetres = Annotated[int, Field(gt=0, le=1000)]
_IdText = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class ItemFacts(BaseModel):
    """Facts of one item; what is left out is that of all goods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category_id: _Id | None = Field(default=None, description="A leaf of Shopee's tree of categories")
    brand_id: _Id = Field(default=0, description="The brand's id at Shopee; left out: no brand")
    brand_name: str = Field(default="NoBrand", description="The brand's name, as Shopee writes it")
    weight_kg: _Kilograms | None = Field(default=None, description="The parcel's weight in kilograms")
    size_cm: tuple[_Centimetres, _Centimetres, _Centimetres] | None = Field(
        default=None,
        description="The parcel's length, width and height in centimetres, where the couriers ask for them",
    )
    logistic_ids: tuple[_Id, ...] = Field(
        default=(), description="Ids of the couriers by which it is sent; at least one"
    )
    attributes: dict[_IdText, tuple[_Id, ...]] = Field(
        default={},
        description="For each attribute that the category asks for, by its id: the ids of its values",
    )


class ItemSettings(ItemFacts):
    """Of all goods, and of single SKUs."""

    skus: dict[str, ItemFacts] = Field(default={}, description="What is otherwise for single SKUs, by SKU")

    def of(self, sku: str) -> ItemFacts:
        """What counts for one SKU."""
        own = self.skus.get(sku, ItemFacts())
        told = {name: getattr(own, name) for name in own.model_fields_set}
        return ItemFacts(**{**{name: getattr(self, name) for name in ItemFacts.model_fields}, **told})
