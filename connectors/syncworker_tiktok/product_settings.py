"""What has to be known of a product before TikTok Shop lists it, beyond what the catalogue tells? Category, brand, parcel.

Said once for all goods, and otherwise for single SKUs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Id = Annotated[str, Field(pattern=r"^[0-9]{1,24}$")]
_Kilograms = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=3)]
_Centimetres = Annotated[int, Field(gt=0, le=1000)]


class ProductFacts(BaseModel):
    """Facts of one product; what is left out is that of all goods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: A leaf of TikTok's tree of categories.
    category_id: _Id | None = None
    brand_id: _Id | None = None
    #: The parcel's weight.
    weight_kg: _Kilograms | None = None
    #: The parcel's length, width and height.
    size_cm: tuple[_Centimetres, _Centimetres, _Centimetres] | None = None
    #: Ids of the values of each of the category's attributes, by the attribute's id.
    attributes: dict[_Id, tuple[_Id, ...]] = {}


class ProductSettings(ProductFacts):
    """Of all goods, and of single SKUs."""

    category_version: Literal["v1", "v2"] = "v2"
    #: Where it is listed; Tokopedia for shops that are linked with it.
    platforms: tuple[Literal["TIKTOK_SHOP", "TOKOPEDIA"], ...] = ()
    skus: dict[str, ProductFacts] = {}

    def of(self, sku: str) -> ProductFacts:
        """What counts for one SKU."""
        own = self.skus.get(sku, ProductFacts())
        told = {name: getattr(own, name) for name in own.model_fields_set}
        return ProductFacts(**{**{name: getattr(self, name) for name in ProductFacts.model_fields}, **told})
