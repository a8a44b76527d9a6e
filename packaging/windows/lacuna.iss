; Inno Setup 6: an installer of the one-folder bundle. Not run here: written by the documentation.
;
;   sh packaging/bundle/build python dist
;   iscc /DVersion=%VERSION% packaging\windows\lacuna.iss
;
; with VERSION from "python packaging\fill.py --version". Sign dist\lacuna\*.exe before, and the
; installer after.

#ifndef Version
  #error Give the version: /DVersion=...
#endif

[Setup]
AppId={{6D9E3B52-5E0C-4F0B-9C55-0C1B6C7E9A41}
AppName=Lacuna
AppVersion={#Version}
AppPublisher=The Lacuna authors
DefaultDirName={autopf}\Lacuna
DefaultGroupName=Lacuna
; For one user without rights, or for all with them.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=lacuna-{#Version}-setup
UninstallDisplayIcon={app}\lacuna-window.exe
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes
ChangesEnvironment=yes
CloseApplications=yes

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.AddToPath=Make the command "lacuna" available in terminals
de.AddToPath=Den Befehl „lacuna“ in Terminals verfügbar machen

[Tasks]
Name: "path"; Description: "{cm:AddToPath}"
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; A newer bundle has other files; none of the old ones may stay beside them.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "..\..\dist\lacuna\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs

[Icons]
Name: "{group}\Lacuna"; Filename: "{app}\lacuna-window.exe"
Name: "{autodesktop}\Lacuna"; Filename: "{app}\lacuna-window.exe"; Tasks: desktopicon

[Registry]
; "Open with", never as the default: images belong to others first.
#define Kind(str Ending) 'Root: HKA; Subkey: "Software\Classes\' + Ending + '\OpenWithProgids"; ValueType: string; ValueName: "Lacuna.Image"; ValueData: ""; Flags: uninsdeletevalue'
#emit Kind(".qcow2")
#emit Kind(".raw")
#emit Kind(".img")
#emit Kind(".iso")
#emit Kind(".vmdk")
#emit Kind(".vdi")
#emit Kind(".vhd")
#emit Kind(".vhdx")
Root: HKA; Subkey: "Software\Classes\Lacuna.Image"; ValueType: string; ValueData: "Disk image"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Lacuna.Image\shell\open\command"; ValueType: string; ValueData: """{app}\lacuna-window.exe"" ""%1"""
Root: HKA; Subkey: "{code:EnvironmentKey}"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: NotInPath

[Run]
Filename: "{app}\lacuna-window.exe"; Description: "{cm:LaunchProgram,Lacuna}"; Flags: nowait postinstall skipifsilent

[Code]
function EnvironmentKey(Param: string): string;
begin
  if IsAdminInstallMode then
    Result := 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
  else
    Result := 'Environment';
end;

function PathNow: string;
begin
  if not RegQueryStringValue(HKA, EnvironmentKey(''), 'Path', Result) then
    Result := '';
end;

function NotInPath: Boolean;
begin
  Result := Pos(';' + Lowercase(ExpandConstant('{app}')) + ';', ';' + Lowercase(PathNow) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Before: string;
  After: string;
begin
  if Step <> usPostUninstall then
    exit;
  Before := PathNow;
  After := Before;
  StringChangeEx(After, ';' + ExpandConstant('{app}'), '', True);
  if After <> Before then
    RegWriteExpandStringValue(HKA, EnvironmentKey(''), 'Path', After);
end;
