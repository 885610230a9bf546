"""The county that the demo utility serves: its places, and the names people have there."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

COUNTY: Final = ("Riverbend County", "河湾县")

# English, Chinese
STREETS: Final = {
    ("Chengguan Town", "城关镇"): (
        ("People's Road", "人民路"),
        ("Liberation Road", "解放路"),
        ("Cultural Road", "文化路"),
        ("Bridge East Street", "桥东街"),
        ("Granary Lane", "粮仓巷"),
        ("Riverside Avenue", "滨河大道"),
    ),
    ("Shiqiao Town", "石桥镇"): (
        ("Station Road", "车站路"),
        ("Old Market Street", "老市街"),
        ("Osmanthus Road", "桂花路"),
    ),
    ("Qingshui Town", "清水镇"): (
        ("Spring Road", "泉水路"),
        ("Tea Hill Road", "茶山路"),
        ("Industry Road", "工业路"),
    ),
}
VILLAGES: Final = {
    ("Liuxi Township", "柳溪乡"): (
        ("Xiawan Village", "下湾村"),
        ("Shanghe Village", "上河村"),
        ("Zhulin Village", "竹林村"),
    ),
    ("Gaoping Township", "高坪乡"): (
        ("Songshu Village", "松树村"),
        ("Shijing Village", "石井村"),
    ),
}

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN: Final = (
    "伟 芳 娜 敏 静 秀英 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平 刚 桂英 建国 建华 志强 婷婷 雪梅 晓东 海燕 "
    "国庆 春花 玉兰 文博 子轩 欣怡 浩然 思远 立新 红梅"
)
_FIRST: Final = "Oliver Amelia Jack Grace Harry Ruth Leo Nora Samuel Alice Victor Helen Daniel Iris Peter Clara"
_LAST: Final = "Harris Walker Bennett Foster Murphy Reid Coleman Shaw Hughes Barker Doyle Marsh Palmer Quinn"

KEY_CUSTOMERS: Final = ("河湾县人民医院", "河湾县第一中学", "河湾县自来水公司", "河湾县广播电视台")
_SHOPS: Final = ("小吃店", "理发店", "五金店", "便利店", "茶庄", "修车行", "农机站", "药店")


@dataclass(frozen=True, slots=True)
class Address:
    en: str
    zh: str

    def as_json(self) -> dict[str, str]:
        return {"en": self.en, "zh-CN": self.zh}


def some_address(chance: Random) -> Address:
    """Three of four are flats in a town, the rest houses in a village."""
    if chance.random() < 0.75:
        town = chance.choice(list(STREETS))
        street = chance.choice(STREETS[town])
        house, building, unit = chance.randint(1, 268), chance.randint(1, 12), chance.randint(1, 4)
        room = chance.randint(1, 11) * 100 + chance.randint(1, 4)
        return Address(
            f"Flat {room}, Unit {unit}, Building {building}, {house} {street[0]}, {town[0]}, {COUNTY[0]}",
            f"{COUNTY[1]}{town[1]}{street[1]}{house}号{building}栋{unit}单元{room}室",
        )
    township = chance.choice(list(VILLAGES))
    village = chance.choice(VILLAGES[township])
    group, house = chance.randint(1, 9), chance.randint(1, 86)
    return Address(
        f"House {house}, Group {group}, {village[0]}, {township[0]}, {COUNTY[0]}",
        f"{COUNTY[1]}{township[1]}{village[1]}{group}组{house}号",
    )


def street_address(town: int, street: int, house: int) -> Address:
    """The door on a street: for shops, schools, and everybody whose address is to be remembered."""
    place = list(STREETS)[town]
    name = STREETS[place][street]
    return Address(f"{house} {name[0]}, {place[0]}, {COUNTY[0]}", f"{COUNTY[1]}{place[1]}{name[1]}{house}号")


def chinese_name(chance: Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN.split())


def shop_name(chance: Random) -> str:
    return f"{chance.choice(_SURNAMES)}记{chance.choice(_SHOPS)}"


def english_name(chance: Random) -> str:
    return f"{chance.choice(_FIRST.split())} {chance.choice(_LAST.split())}"
