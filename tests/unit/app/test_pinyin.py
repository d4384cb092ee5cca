"""Names are read as pharmacists read them: 多音字 right, and what is said in two ways found in both."""

from __future__ import annotations

import pytest

from app.pinyin import read_names, read_speller
from engine.search.syllables import SYLLABLES
from engine.search.text import fold, other_names

READ = """
苯磺酸氨氯地平片 ben huang suan an lv di ping pian
硝苯地平控释片 xiao ben di ping kong shi pian
非洛地平缓释片 fei luo di ping huan shi pian
盐酸地尔硫䓬片 yan suan di er liu zhuo pian
盐酸维拉帕米片 yan suan wei la pa mi pian
氯沙坦钾片 lv sha tan jia pian
缬沙坦胶囊 xie sha tan jiao nang
坎地沙坦酯片 kan di sha tan zhi pian
沙库巴曲缬沙坦钠片 sha ku ba qu xie sha tan na pian
盐酸贝那普利片 yan suan bei na pu li pian
培哚普利叔丁胺片 pei duo pu li shu ding an pian
富马酸比索洛尔片 fu ma suan bi suo luo er pian
盐酸曲美他嗪片 yan suan qu mei ta qin pian
单硝酸异山梨酯缓释片 dan xiao suan yi shan li zhi huan shi pian
硝酸甘油片 xiao suan gan you pian
去乙酰毛花苷注射液 qu yi xian mao hua gan zhu she ye
呋塞米片 fu sai mi pian
吲达帕胺缓释片 yin da pa an huan shi pian
螺内酯片 luo nei zhi pian
阿托伐他汀钙片 a tuo fa ta ting gai pian
依折麦布片 yi zhe mai bu pian
硫酸氢氯吡格雷片 liu suan qing lv bi ge lei pian
利伐沙班片 li fa sha ban pian
磺达肝癸钠注射液 huang da gan gui na zhu she ye
盐酸二甲双胍缓释片 yan suan er jia shuang gua huan shi pian
格列齐特缓释片 ge lie qi te huan shi pian
阿卡波糖片 a ka bo tang pian
磷酸西格列汀片 lin suan xi ge lie ting pian
门冬胰岛素注射液 men dong yi dao su zhu she ye
重组甘精胰岛素注射液 chong zu gan jing yi dao su zhu she ye
重组人生长激素注射液 chong zu ren sheng zhang ji su zhu she ye
注射用生长抑素 zhu she yong sheng zhang yi su
左甲状腺素钠片 zuo jia zhuang xian su na pian
甲巯咪唑片 jia qiu mi zuo pian
丙硫氧嘧啶片 bing liu yang mi ding pian
醋酸地塞米松片 cu suan di sai mi song pian
氢化可的松注射液 qing hua ke di song zhu she ye
糠酸莫米松乳膏 kang suan mo mi song ru gao
奥美拉唑肠溶胶囊 ao mei la zuo chang rong jiao nang
枸橼酸莫沙必利片 ju yuan suan mo sha bi li pian
枸橼酸铋钾颗粒 ju yuan suan bi jia ke li
枸地氯雷他定片 ju di lv lei ta ding pian
消旋山莨菪碱片 xiao xuan shan lang dang jian pian
颠茄磺苄啶片 dian qie huang bian ding pian
乳果糖口服溶液 ru guo tang kou fu rong ye
蒙脱石散 meng tuo shi san
小檗碱片 xiao bo jian pian
阿莫西林克拉维酸钾片 a mo xi lin ke la wei suan jia pian
头孢克肟胶囊 tou bao ke wo jiao nang
注射用头孢哌酮钠舒巴坦钠 zhu she yong tou bao pai tong na shu ba tan na
罗红霉素胶囊 luo hong mei su jiao nang
左氧氟沙星片 zuo yang fu sha xing pian
复方磺胺甲噁唑片 fu fang huang an jia e zuo pian
伊曲康唑胶囊 yi qu kang zuo jiao nang
更昔洛韦注射液 geng xi luo wei zhu she ye
恩替卡韦片 en ti ka wei pian
磷酸奥司他韦胶囊 lin suan ao si ta wei jiao nang
硫酸长春新碱注射液 liu suan chang chun xin jian zhu she ye
吉非替尼片 ji fei ti ni pian
马来酸吡咯替尼片 ma lai suan bi luo ti ni pian
塞来昔布胶囊 sai lai xi bu jiao nang
酮咯酸氨丁三醇注射液 tong luo suan an ding san chun zhu she ye
秋水仙碱片 qiu shui xian jian pian
阿仑膦酸钠片 a lun lin suan na pian
盐酸乙哌立松片 yan suan yi pai li song pian
溴吡斯的明片 xiu bi si di ming pian
多巴丝肼片 duo ba si jing pian
丙戊酸钠缓释片 bing wu suan na huan shi pian
氟哌噻吨美利曲辛片 fu pai sai dun mei li qu xin pian
盐酸多奈哌齐片 yan suan duo nai pai qi pian
佐匹克隆片 zuo pi ke long pian
孟鲁司特钠咀嚼片 meng lu si te na ju jue pian
氨溴特罗口服溶液 an xiu te luo kou fu rong ye
羧甲司坦口服溶液 suo jia si tan kou fu rong ye
色甘酸钠滴眼液 se gan suan na di yan ye
盐酸洛美沙星滴耳液 yan suan luo mei sha xing di er ye
薄荷脑 bo he nao
复方薄荷脑鼻用吸入剂 fu fang bo he nao bi yong xi ru ji
六味地黄丸 liu wei di huang wan
知柏地黄丸 zhi bai di huang wan
柏子养心丸 bai zi yang xin wan
二妙丸 er miao wan
参苓白术散 shen ling bai zhu san
生脉饮 sheng mai yin
参松养心胶囊 shen song yang xin jiao nang
复方丹参滴丸 fu fang dan shen di wan
血府逐瘀胶囊 xue fu zhu yu jiao nang
血塞通软胶囊 xue sai tong ruan jiao nang
香砂枳术丸 xiang sha zhi zhu wan
川芎茶调散 chuan xiong cha tiao san
调经丸 tiao jing wan
木香顺气丸 mu xiang shun qi wan
藿香正气口服液 huo xiang zheng qi kou fu ye
黄柏 huang bo
侧柏叶 ce bai ye
厚朴 hou po
没药 mo yao
苍术 cang zhu
枳壳 zhi qiao
桔梗 jie geng
槟榔 bing lang
蛤蚧定喘丸 ge jie ding chuan wan
复方阿胶浆 fu fang e jiao jiang
东阿阿胶 dong e e jiao
片仔癀 pian zai huang
藏青果颗粒 zang qing guo ke li
西藏雪莲 xi zang xue lian
重楼 chong lou
重感灵片 zhong gan ling pian
淡豆豉 dan dou chi
淫羊藿 yin yang huo
熟地黄 shu di huang
枸杞子 gou qi zi
还少胶囊 huan shao jiao nang
都梁软胶囊 du liang ruan jiao nang
脑得生片 nao de sheng pian
小儿豉翘清热颗粒 xiao er chi qiao qing re ke li
金银花露 jin yin hua lu
荨麻疹丸 xun ma zhen wan
清咽滴丸 qing yan di wan
大黄䗪虫丸 da huang zhe chong wan
蠲哮片 juan xiao pian
女金丸 nv jin wan
绿叶 lv ye
颈椎痛颗粒 jing zhui tong ke li
金匮肾气丸 jin gui shen qi wan
桑螵蛸 sang piao xiao
荜茇 bi bo
芫荽 yan sui
芫花 yuan hua
莪术油注射液 e zhu you zhu she ye
炒白术 chao bai zhu
茯苓 fu ling
北沙参 bei sha shen
黄芪颗粒 huang qi ke li
康柏西普眼用注射液 kang bai xi pu yan yong zhu she ye
羟苯磺酸钙胶囊 qiang ben huang suan gai jiao nang
酚磺乙胺注射液 fen huang yi an zhu she ye
酚酞片 fen tai pian
重酒石酸去甲肾上腺素注射液 zhong jiu shi suan qu jia shen shang xian su zhu she ye
长春西汀片 chang chun xi ting pian
草酸艾司西酞普兰片 cao suan ai si xi tai pu lan pian
双嘧达莫片 shuang mi da mo pian
胰激肽原酶肠溶片 yi ji tai yuan mei chang rong pian
藿胆丸 huo dan wan
癃闭舒胶囊 long bi shu jiao nang
豨莶草 xi xian cao
射干 she gan
萹蓄 bian xu
龟甲胶 gui jia jiao
"""
NAMES = [tuple(line.split(" ", 1)) for line in READ.strip().splitlines()]
DIAGNOSES = """
颈椎病 jing zhui bing
脑栓塞 nao shuan se
慢性阻塞性肺疾病 man xing zu se xing fei ji bing
脑卒中 nao cu zhong
切除术后状态 qie chu shu hou zhuang tai
肠粘连 chang zhan lian
宫颈粘膜脱垂 gong jing nian mo tuo chui
色素沉着 se su chen zhuo
重叠综合征 chong die zong he zheng
重症肺炎 zhong zheng fei yan
肋骨骨折 lei gu gu zhe
屈光参差 qu guang cen ci
其他特指的疾患 qi ta te zhi de ji huan
会厌恶性肿瘤 hui yan e xing zhong liu
咯血 ka xue
藏毛窦 cang mao dou
荨麻疹 xun ma zhen
"""


@pytest.fixture(scope="module")
def speller():
    return read_speller()


def test_the_table_has_more_than_a_hundred_names() -> None:
    assert len(NAMES) > 100


@pytest.mark.parametrize(("name", "read"), NAMES)
def test_a_name_is_read_rightly(speller, name: str, read: str) -> None:
    assert " ".join(speller.spell(name)[0]) == read


@pytest.mark.parametrize(("name", "read"), NAMES)
def test_initials_are_the_first_letters_of_the_right_reading(speller, name: str, read: str) -> None:
    assert speller.initials(name) == "".join(syllable[0] for syllable in read.split())


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("复方阿胶浆", "fu fang a jiao jiang"),
        ("黄柏", "huang bai"),
        ("酮咯酸氨丁三醇注射液", "tong ge suan an ding san chun zhu she ye"),
        ("枸橼酸西地那非片", "gou yuan suan xi di na fei pian"),
        ("醋酸可的松片", "cu suan ke de song pian"),
        ("片仔癀", "pian zi huang"),
    ],
)
def test_what_is_said_in_two_ways_is_known_in_both(speller, name: str, also: str) -> None:
    assert tuple(also.split()) in speller.spell(name)[1:]


@pytest.mark.parametrize("line", DIAGNOSES.strip().splitlines())
def test_a_diagnosis_is_read_as_doctors_say_it(line: str) -> None:
    name, read = line.split(" ", 1)

    assert " ".join(read_speller(diagnoses=True).spell(name)[0]) == read


@pytest.mark.parametrize(("name", "also"), [("脑栓塞", "nao shuan sai"), ("脑卒中", "nao zu zhong")])
def test_a_diagnosis_is_found_by_what_most_people_say_too(name: str, also: str) -> None:
    assert tuple(also.split()) in read_speller(diagnoses=True).spell(name)[1:]


def test_letters_and_figures_stand_for_themselves_and_signs_for_nothing(speller) -> None:
    assert speller.initials("维生素B12片") == "wssb12p"
    assert speller.initials("碳酸钙D３咀嚼片（Ⅱ）") == "tsgd3jjpii"
    assert speller.spell("α-硫辛酸")[0] == ("liu", "xin", "suan")


def test_every_reading_is_a_syllable_that_can_be_typed_apart(speller) -> None:
    read = {syllable for name, _ in NAMES for way in speller.spell(name) for syllable in way}

    assert read <= SYLLABLES


def test_what_was_read_once_needs_no_dictionary_again(speller) -> None:
    speller.spell("苯磺酸氨氯地平片")
    known = dict(speller.known)
    again = read_speller({**known, "平": "pei"})  # As if it had been read so before.

    assert again.spell("氨氯地平")[0] == ("an", "lv", "di", "pei")


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("苯磺酸氨氯地平片", ("氨氯地平",)),
        ("注射用盐酸万古霉素", ("万古霉素",)),
        ("阿托伐他汀钙片", ("阿托伐他汀钙", "阿托伐他汀")),
        ("复方丹参滴丸", ("复方丹参",)),
        ("甲磺酸多沙唑嗪缓释片", ("多沙唑嗪",)),
        ("氯化钠注射液", ("氯化钠",)),
        ("片仔癀", ()),
    ],
)
def test_a_drug_goes_by_its_ingredient_too(name: str, others: tuple[str, ...]) -> None:
    assert other_names(fold(name), read_names()) == others
